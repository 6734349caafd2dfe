#include "gateway/exchange/attempt/upstream_call.h"

#include "gateway/exchange/attempt/upstream_request.h"
#include "gateway/http/loop/connect.h"
#include "gateway/http/loop/turn.h"
#include "gateway/worker_clock.h"

namespace tallygate {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

/// Of a request to its target in one turn of the event loop: others go on meanwhile, and an answer
/// that comes before its end is seen.
constexpr std::size_t kSentPerTurn = std::size_t{1} << 20;

Error interruption(Errc code) {
  if (code == Errc::client_abort) return make_error(code, "the client left");
  return make_error(code, "the upstream did not answer in time");
}

Error reset(std::string_view when) {
  return make_error(Errc::upstream_reset,
                    "the upstream closed the connection " + std::string(when));
}

Errc late_code(const Exchange& x) {
  return x.facts.stream ? Errc::upstream_ttft_timeout : Errc::upstream_timeout;
}

/// The earliest of `from` + `limit`, of the time that a target has until its answer begins, and of
/// the request's own: none of them pauses while a connection is opened.
void set_attempt_deadline(Exchange& x, SteadyTime from, config::Duration limit) {
  const config::Duration whole = x.facts.stream ? x.timeouts.first_token : x.timeouts.response_head;
  x.set_deadline(from, limit);
  if (whole.count() == 0) return;
  x.session.parking.wake_at(std::min(x.session.parking.deadline(), x.attempt_began + whole));
}

/// Waits for another request of this process to release a connection, when all are in use.
Task<Result<http::UpstreamPtr>> wait_for_connection(Exchange& x) {
  const SteadyTime deadline = x.session.parking.deadline();
  const http::EventLoop& loop = x.worker.loop;
  while (!x.pool->may_open_another()) {
    x.phase = router::Phase::queued;
    x.pool->add_waiter(x.session.parking);
    x.session.parking.wake_at(std::min(deadline, loop.now.steady + http::Deadlines::kTick));
    co_await x.session.parking.park();
    x.pool->remove_waiter(x.session.parking);
    if (x.waiter.client_gone()) co_return interruption(Errc::client_abort);
    if (auto idle = x.pool->take_idle(loop.now.steady, x.timeouts.pool_idle)) co_return idle;
    if (loop.now.steady >= deadline || x.worker.patience_is_over()) {
      co_return make_error(Errc::upstream_busy,
                           "all connections that the gate may open to the upstream are in use");
    }
  }
  x.phase = router::Phase::connecting;
  set_attempt_deadline(x, x.worker.loop.now.steady, x.timeouts.connect);
  co_return co_await http::connect_upstream(x.worker.loop, *x.pool, x.waiter);
}

/// What a status means for the attempt; nullopt = relay it.
std::optional<Error> failure_of(const Exchange& x, std::uint16_t status) {
  if ((status == 401 || status == 403) && is_our_credential(x)) {
    return make_error(Errc::upstream_auth_error,
                      "the upstream refuses the gate's credential; check the target's api_key");
  }
  if (status >= 500 || status == 429 || status == 408) {
    return make_error(Errc::upstream_status,
                      "the upstream answered with status " + std::to_string(status));
  }
  if (status >= 300 && status < 400) {
    return make_error(Errc::upstream_bad_response,
                      "the upstream answered with a redirect (" + std::to_string(status) +
                          "), and none is followed; check the target's url");
  }
  return std::nullopt;
}

std::optional<Errc> interrupted(const Exchange& x) {
  return x.waiter.interrupted(x.cause_of_delay(late_code(x)));
}

/// One try to read the head. True: it is there.
Result<bool> read_some(Exchange& x) {
  http::UpstreamConnection& upstream = *x.upstream;
  while (upstream.stream.has_input()) {
    const http::IoResult read = upstream.stream.read(x.upstream_in.space());
    if (read.status == http::IoStatus::would_block) return false;
    if (read.status != http::IoStatus::ok) return reset("before it answered");
    x.upstream_in.filled(read.bytes);
    const Result<std::size_t> head = upstream.parser.parse_head(x.upstream_in.view());
    if (head.has_error()) return head.error();
    if (*head > 0) {
      x.upstream_head_bytes = *head;
      return true;
    }
    if (x.upstream_in.space().empty()) {
      x.upstream_in.grow(kMaxUpstreamHeadBytes + http::BufferPool::kBufferBytes);
    }
  }
  return false;
}

enum class Sent : std::uint8_t { all, answered, full, share };

/// A whole head, which ends the upload; neither an interim one does nor TLS that talks to itself.
Result<bool> has_answered(Exchange& x) {
  Result<bool> early = read_some(x);
  if (early.has_value()) x.upload_cut = *early;
  return early;
}

/// One try to send what is left. `full`: the socket takes no more now; `share`: it would, but
/// others have their turn.
Result<Sent> send_some(Exchange& x, UpstreamRequest& request, http::TurnShare& share) {
  while (!request.is_sent()) {
    // Before each write: one that fails would end what TLS can still read.
    const Result<bool> answered = has_answered(x);
    if (answered.has_error()) return answered.error();
    if (*answered) return Sent::answered;
    // As much each time, since TLS has to be offered no less than when it could not go on.
    const http::IoResult sent = x.upstream->stream.write(request.next(kSentPerTurn));
    if (sent.status == http::IoStatus::would_block) return Sent::full;
    if (sent.status != http::IoStatus::ok) {
      // It has closed with bytes unread, which resets; its answer may lie before the reset.
      const Result<bool> last = has_answered(x);
      return last.has_value() && *last ? Result<Sent>(Sent::answered) : reset("during the request");
    }
    request.advance(sent.bytes);
    if (share.take(x.worker.loop.now.steady, sent.bytes)) break;
  }
  return request.is_sent() ? Sent::all : Sent::share;
}

Task<Result<void>> send_request(Exchange& x) {
  UpstreamRequest request(x);
  http::TurnShare share(kSentPerTurn);
  for (;;) {
    const Result<Sent> sent = send_some(x, request, share);
    if (sent.has_error()) co_return sent.error();
    if (*sent == Sent::all || *sent == Sent::answered) co_return Result<void>{};
    if (*sent == Sent::full) {
      co_await x.session.parking.park();
    } else {
      co_await http::next_turn(x.worker.loop, x.session.parking);
    }
    if (const auto stop = interrupted(x)) co_return interruption(*stop);
  }
}

}  // namespace

bool is_our_credential(const Exchange& x) {
  const config::Target& settings = x.target().settings;
  return !settings.api_key.empty() || !settings.pass_client_key;
}

bool reuse_connection(Exchange& x) {
  x.pool = x.worker.pool(x.candidate->slot);
  x.attempt_began = steady_now();
  x.attempt_open = true;
  if (x.pool == nullptr || x.reconnected) return false;
  x.upstream = x.pool->take_idle(x.worker.loop.now.steady, x.timeouts.pool_idle);
  return x.upstream != nullptr;
}

Task<Result<void>> connect_target(Exchange& x) {
  if (x.pool == nullptr) {
    co_return make_error(Errc::upstream_connect_error, "the target was removed by a reload");
  }
  x.phase = router::Phase::connecting;
  set_attempt_deadline(x, x.worker.loop.now.steady, x.timeouts.connect);
  Result<http::UpstreamPtr> connected = co_await wait_for_connection(x);
  const auto took = duration_cast<microseconds>(steady_now() - x.attempt_began);
  x.upstream_time += took;
  x.worker.metrics.count_upstream_connect(connected.has_value(),
                                          static_cast<std::uint64_t>(took.count()));
  if (connected.has_error()) {
    Error error = connected.error();
    const bool late = error.code == Errc::upstream_connect_timeout;
    if (late) error.code = x.cause_of_delay(error.code);
    co_return error;
  }
  x.upstream = std::move(*connected);
  co_return Result<void>{};
}

Task<Result<void>> call_target(Exchange& x) {
  x.phase = router::Phase::waiting;
  set_attempt_deadline(x, x.attempt_began, config::Duration{0});
  x.upstream->stream.set_owner(&x.session.parking);
  x.upstream->parser.reset();
  const Result<void> sent = co_await send_request(x);
  if (sent.has_error()) co_return sent.error();
  x.upstream_asked = steady_now();
  Result<bool> done = x.upstream_head_bytes > 0 ? Result<bool>(true) : read_some(x);
  while (done.has_value() && !*done) {
    co_await x.session.parking.park();
    if (const auto stop = interrupted(x)) co_return interruption(*stop);
    done = read_some(x);
  }
  x.upstream_time += duration_cast<microseconds>(steady_now() - x.upstream_asked);
  if (done.has_error()) co_return done.error();
  const std::uint16_t status = x.upstream->parser.head().status;
  if (auto failure = failure_of(x, status)) co_return std::move(*failure);
  co_return Result<void>{};
}

}  // namespace tallygate
