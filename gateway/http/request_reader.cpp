#include "gateway/http/request_reader.h"

#include "gateway/worker_clock.h"

namespace tallygate::http {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

Error body_timeout() {
  return make_error(Errc::request_timeout, "the request body did not arrive in time");
}

Error left_during_body() {
  return make_error(Errc::client_abort, "the client left while it sent its request");
}

Error crowded_out() {
  return make_error(Errc::overloaded,
                    "the gate holds as many request bodies as its memory permits; retry");
}

/// Reads into `space`, parking as needed. Errors: request_timeout, client_abort.
Task<Result<std::size_t>> read_some(Session& session, std::span<char> space) {
  for (;;) {
    const IoResult read = session.client.read(space);
    if (read.status == IoStatus::ok) co_return read.bytes;
    if (read.status != IoStatus::would_block) co_return left_during_body();
    if (session.parking.expired()) co_return body_timeout();
    co_await session.parking.park();
  }
}

Task<Result<void>> read_chunked(Session& session) {
  const auto append = [](void* buffer, std::string_view data) {
    static_cast<BodyBuffer*>(buffer)->append(data);
  };
  std::string unparsed(session.in.view().substr(session.head_bytes));
  session.in_bytes = session.in.view().size();
  for (;;) {
    const auto consumed = session.parser.parse_chunks(unparsed, append, &session.body_buffer);
    if (consumed.has_error()) co_return consumed.error();
    if (session.body_buffer.is_crowded_out()) co_return crowded_out();
    unparsed.erase(0, *consumed);
    if (session.parser.chunks_done()) break;
    const std::span<char> scratch = session.worker.loop.scratch();
    const Result<std::size_t> bytes = co_await read_some(session, scratch);
    if (bytes.has_error()) co_return bytes.error();
    unparsed.append(scratch.data(), *bytes);
  }
  session.body = session.body_buffer.view();
  session.request_bytes = session.body.size();
  session.pipelined = std::move(unparsed);
  co_return Result<void>{};
}

/// A body that fits behind its head in the input buffer: no copy.
Task<Result<void>> read_in_place(Session& session, std::size_t length) {
  session.in_bytes = session.head_bytes + length;
  while (session.in.view().size() < session.in_bytes) {
    const Result<std::size_t> bytes = co_await read_some(session, session.in.space());
    if (bytes.has_error()) co_return bytes.error();
    session.in.filled(*bytes);
  }
  session.body = session.in.view().substr(session.head_bytes, length);
  co_return Result<void>{};
}

Task<Result<void>> read_aside(Session& session, std::size_t length) {
  BodyBuffer& body = session.body_buffer;
  body.append(session.in.view().substr(session.head_bytes, length));
  session.in_bytes = session.head_bytes + body.size();
  while (body.size() < length) {
    const std::span<char> space = body.space(length);
    if (body.is_crowded_out()) co_return crowded_out();
    const Result<std::size_t> bytes = co_await read_some(session, space);
    if (bytes.has_error()) co_return bytes.error();
    body.filled(*bytes);
  }
  session.body = body.view();
  co_return Result<void>{};
}

/// Whether a read is worth a try and, if it is, how it went. Borrows memory only then.
IoResult read_into_input(Session& session) {
  if (!session.client.has_input()) return {IoStatus::would_block, 0};
  const IoResult read = session.client.read(session.in.space());
  if (read.status == IoStatus::ok) session.in.filled(read.bytes);
  return read;
}

void make_room(Session& session) {
  if (!session.in.view().empty() && session.in.space().empty()) {
    session.in.grow(session.settings().limits.header_bytes + kMaxRequestLineBytes);
  }
}

}  // namespace

Task<Result<bool>> read_head(Session& session) {
  session.in.restore(session.pipelined);
  bool begun = !session.in.view().empty();
  const config::Timeouts timeouts = session.settings().timeouts;  // a reload may replace them
  session.set_deadline(begun ? timeouts.client_headers : timeouts.client_idle);
  for (;;) {
    if (begun) {
      const Result<std::size_t> head = session.parser.parse_head(session.in.view());
      if (head.has_error()) co_return head.error();
      if (*head > 0) {
        session.head_bytes = session.in_bytes = *head;
        session.head_complete = steady_now();
        co_return true;
      }
      make_room(session);
    }
    const IoResult read = read_into_input(session);
    if (read.status == IoStatus::ok) {
      if (!begun) session.set_deadline(timeouts.client_headers);
      begun = true;
      continue;
    }
    if (read.status != IoStatus::would_block) co_return false;
    if (!begun) {
      session.in.release();
      if (session.worker.closes_idle()) co_return false;
    }
    if (session.parking.expired()) {
      if (!begun) co_return false;
      co_return make_error(Errc::request_timeout, "the request head did not arrive in time");
    }
    co_await session.parking.park();
  }
}

bool take_body_at_once(Session& session) {
  if (!session.parser.has_body()) return true;
  const RequestHead& head = session.head();
  if (head.chunked || !head.content_length) return false;
  const std::string_view body = session.in.view().substr(session.head_bytes);
  if (body.size() < *head.content_length) return false;
  session.body = body.substr(0, static_cast<std::size_t>(*head.content_length));
  session.request_bytes = session.body.size();
  session.in_bytes = session.head_bytes + session.body.size();
  return true;
}

Task<Result<void>> read_body(Session& session) {
  const RequestHead& head = session.head();
  if (!session.parser.has_body()) co_return Result<void>{};
  session.set_deadline(session.settings().timeouts.client_body);
  if (head.expect_continue) {
    session.out.append(kContinue);
    if (!send_some(session)) co_return left_during_body();
  }
  if (head.chunked) co_return co_await read_chunked(session);
  const std::uint64_t length = head.content_length.value_or(0);
  if (length > session.settings().limits.body_bytes) {
    co_return make_error(Errc::body_too_large,
                         "the request body is larger than the limit of " +
                             std::to_string(session.settings().limits.body_bytes) + " bytes");
  }
  const auto bytes = static_cast<std::size_t>(length);
  session.request_bytes = length;
  if (session.in.has_room_for(session.head_bytes + bytes))
    co_return co_await read_in_place(session, bytes);
  co_return co_await read_aside(session, bytes);
}

}  // namespace tallygate::http
