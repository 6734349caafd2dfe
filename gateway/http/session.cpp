#include "gateway/http/session.h"

#include "gateway/exchange/endpoints.h"
#include "gateway/exchange/serve_request.h"
#include "gateway/http/loop/turn.h"
#include "gateway/http/request_reader.h"
#include "gateway/http/response_writer.h"

namespace tallygate::http {
namespace {

constexpr std::size_t kLingerBytes = std::size_t{1} << 20;
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::size_t kKeptOutBytes = 4096;
constexpr std::size_t kRequestsPerTurn = 16;  ///< of a client that pipelines without end

Task<bool> accept_tls(Session& session) {
  session.client.use_tls(make_server_handle(*session.worker.view().data_tls));
  session.set_deadline(session.settings().timeouts.client_headers);
  for (;;) {
    const IoStatus status = session.client.handshake();
    if (status == IoStatus::ok) co_return true;
    if (status != IoStatus::would_block || session.parking.expired()) co_return false;
    co_await session.parking.park();
  }
}

/// Reads and drops what the client still sends, for a while: closing on unread bytes would send a
/// reset that can overtake our answer.
Task<void> linger(Session& session) {
  session.client.shut_down_writing();
  session.parking.wake_at(session.worker.loop.now.steady + kLingerTime);
  std::size_t dropped = 0;
  while (dropped < kLingerBytes && !session.parking.expired()) {
    const IoResult read = session.client.read(session.worker.loop.scratch());
    if (read.status == IoStatus::ok) {
      dropped += read.bytes;
    } else if (read.status == IoStatus::would_block) {
      co_await session.parking.park();
    } else {
      break;
    }
  }
}

/// The dialect of a request that was refused before its head was parsed: what its path says.
config::Protocol protocol_of_unparsed(std::string_view bytes) {
  const std::size_t method_end = bytes.find(' ');
  if (method_end == std::string_view::npos) return config::Protocol::openai;
  const std::string_view rest = bytes.substr(method_end + 1);
  const EndpointMatch match = find_endpoint(Method::post, rest.substr(0, rest.find_first_of(" ?")));
  return match.endpoint == nullptr ? config::Protocol::openai : match.endpoint->protocol;
}

/// Ready for the next request of the connection; an idle one keeps next to nothing.
void finish_request(Session& session) {
  session.let_go_of_request();
  session.request_bytes = 0;
  session.answer_bytes = 0;
  session.status = 0;
  session.error.reset();
  if (session.out.capacity() > kKeptOutBytes) std::string().swap(session.out);
}

}  // namespace

Session::Session(Worker& owner)
    : worker(owner),
      client(owner.loop.reactor),
      parser({owner.view().settings->limits.header_bytes,
              owner.view().settings->limits.header_count,
              owner.view().settings->limits.body_bytes}),
      in(owner.loop.buffers) {
  client.set_owner(&parking);
  owner.loop.deadlines.add(parking);
}

Session::Session(Worker& owner, int fd) : Session(owner) {
  count.emplace(owner);
  client.open(fd);
}

void Session::let_go_of_request() {
  in.consume(in_bytes);
  in_bytes = head_bytes = 0;
  body = {};
  body_buffer.release();
  parser.reset();
}

void Session::set_deadline(config::Duration after) {
  parking.wake_at(after.count() == 0 ? kNever : worker.loop.now.steady + after);
}

Task<void> serve_connection(Worker& worker, int fd) {
  Session session(worker, fd);
  if (worker.view().data_tls != nullptr) {
    const bool secured = co_await accept_tls(session);
    if (!secured) co_return;
  }
  TurnShare share(kRequestsPerTurn);
  while (!session.close_after) {
    const Result<bool> head = co_await read_head(session);
    if (head.has_value() && !*head) co_return;
    if (head.has_error()) {
      worker.metrics.count_rejected(head.error().code);
      write_unparsed_error(session, protocol_of_unparsed(session.in.view()), head.error());
      co_await send_all(session);
      break;
    }
    co_await serve_request(session);
    finish_request(session);
    if (share.take(worker.loop.now.steady, 1)) co_await next_turn(worker.loop, session.parking);
  }
  if (session.reset_after) {
    session.client.reset();
  } else if (!session.client.broken()) {
    co_await linger(session);
  }
}

namespace {

/// Of a long queue only what is left stays in memory; each byte moves once at most.
void drop_what_is_sent(Session& session) {
  if (session.out_sent <= session.queued_bytes()) return;
  session.out.erase(0, session.out_sent);
  session.out_sent = 0;
}

/// Nothing more is to be said to this client.
Error left(Session& session) {
  session.close_after = true;
  return make_error(Errc::client_abort, "the client left while it was answered");
}

Error too_slow(Session& session) {
  // A reset: what the socket still holds for it would stay in memory for minutes.
  session.close_after = session.reset_after = true;
  return make_error(Errc::client_slow, "the client did not read its answer in time");
}

}  // namespace

bool send_some(Session& session) {
  while (session.out_sent < session.out.size()) {
    const iovec rest{session.out.data() + session.out_sent, session.out.size() - session.out_sent};
    const IoResult written = session.client.write({&rest, 1});
    if (written.status == IoStatus::would_block) {
      drop_what_is_sent(session);
      return true;
    }
    if (written.status != IoStatus::ok) return false;
    session.out_sent += written.bytes;
    session.answer_bytes += written.bytes;
  }
  session.out.clear();
  session.out_sent = 0;
  return true;
}

Task<Result<void>> send_all(Session& session, std::optional<config::Duration> patience) {
  bool first = true;
  for (;;) {
    const std::uint64_t sent_before = session.answer_bytes;
    if (!send_some(session)) co_return left(session);
    if (session.out.empty()) co_return Result<void>{};
    if (session.answer_bytes != sent_before || first) {
      session.set_deadline(patience.value_or(session.settings().timeouts.write_progress));
    }
    first = false;
    co_await session.parking.park();
    if (session.client.broken()) co_return left(session);
    if (session.parking.expired() && !session.client.can_write()) co_return too_slow(session);
  }
}

}  // namespace tallygate::http
