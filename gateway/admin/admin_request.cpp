#include "gateway/admin/admin_request.h"

#include <utility>

namespace tallygate {
namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
const std::string kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// Appends what comes next. False: nothing came before `deadline`, or the connection ended.
Awaitable<Result<bool>> read_more(AdminReading& reading, std::string& into, SteadyTime deadline,
                                  std::size_t held_beside) {
  const std::size_t before = into.size();
  reading.held.set(held_beside + before + kReadBytes);
  if (reading.held.of_all() > reading.limits.held_bytes) {
    co_return make_error(Errc::overloaded, "Too much is being sent to the admin listener; retry.");
  }
  into.resize(before + kReadBytes);
  const std::size_t bytes =
      co_await reading.stream.read_some(asio::buffer(into.data() + before, kReadBytes), deadline);
  into.resize(before + bytes);
  co_return bytes > 0;
}

Error too_slow(const char* what) {
  return make_error(Errc::request_timeout,
                    std::string("The request's ") + what + " did not come in time.");
}

/// Bytes that the head takes; 0 = the connection ended.
Awaitable<Result<std::size_t>> read_head(AdminReading& reading, AdminIncoming& in) {
  bool begun = !in.bytes.empty();
  SteadyTime deadline =
      reading.now().steady + (begun ? reading.limits.headers : reading.limits.idle);
  for (;;) {
    const auto head = in.parser.parse_head(in.bytes);
    if (head.has_error()) co_return head.error();
    if (*head > 0) co_return *head;
    const Result<bool> more = co_await read_more(reading, in.bytes, deadline, 0);
    if (more.has_error()) co_return more.error();
    if (!*more) {
      if (begun && reading.stream.timed_out()) co_return too_slow("head");
      co_return std::size_t{0};
    }
    if (!begun) deadline = reading.now().steady + reading.limits.headers;
    begun = true;
  }
}

void append_piece(void* body, std::string_view data) {
  static_cast<std::string*>(body)->append(data);
}

/// Of a stranger not so much is read.
bool is_large(const AdminReading& reading, const AdminIncoming& in) {
  const auto told = static_cast<std::size_t>(in.parser.head().content_length.value_or(0));
  return std::max(told, in.body.size()) > reading.limits.strangers_body;
}

/// Of `rest`, what stands behind the body stays. False: the connection ended.
Awaitable<Result<bool>> read_body(AdminReading& reading, AdminIncoming& in, std::string& rest) {
  const http::RequestHead& head = in.parser.head();
  const SteadyTime deadline = reading.now().steady + reading.limits.body;
  const auto length = static_cast<std::size_t>(head.content_length.value_or(0));
  bool expects_continue = head.expect_continue;
  bool is_known = !reading.admits;
  for (;;) {
    if (head.chunked) {
      const auto taken = in.parser.parse_chunks(rest, append_piece, &in.body);
      if (taken.has_error()) co_return taken.error();
      rest.erase(0, *taken);
      if (in.parser.chunks_done()) co_return true;
    } else if (rest.size() >= length) {
      in.body = rest.substr(0, length);
      rest.erase(0, length);
      co_return true;
    }
    // Else strangers could fill what all may hold together, and shut the callers out.
    if (!is_known && is_large(reading, in)) {
      is_known = reading.admits(head);
      if (!is_known) {
        co_return make_error(Errc::invalid_api_key,
                             "A body of this size is read from known callers only.",
                             "authorization");
      }
    }
    if (std::exchange(expects_continue, false)) {
      co_await reading.stream.write(kContinue, reading.limits.write);
    }
    const Result<bool> more = co_await read_more(reading, rest, deadline, in.body.size());
    if (more.has_error()) co_return more.error();
    if (*more) continue;
    if (reading.stream.timed_out()) co_return too_slow("body");
    co_return false;
  }
}

}  // namespace

Awaitable<Result<bool>> read_admin_request(AdminReading reading, AdminIncoming& in) {
  const Result<std::size_t> head = co_await read_head(reading, in);
  if (head.has_error()) co_return head.error();
  if (*head == 0) co_return false;
  // Reallocation would move the head's bytes, so the body is read aside.
  std::string rest = in.bytes.substr(*head);
  if (in.parser.has_body()) {
    const Result<bool> whole = co_await read_body(reading, in, rest);
    if (whole.has_error()) co_return whole.error();
    if (!*whole) co_return false;
  }
  in.bytes.resize(*head);  // shrinking keeps the head where it is
  in.leftover = std::move(rest);
  co_return true;
}

}  // namespace tallygate
