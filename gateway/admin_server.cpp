#include "gateway/admin_server.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "gateway/api/answers.h"
#include "gateway/http/gzip.h"
#include "gateway/http/message/acceptance.h"

namespace tallygate {
namespace {

namespace beast = boost::beast;

constexpr int kMostConnections = 256;
constexpr std::size_t kMostBodyBytes = std::size_t{8} << 20;
constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::chrono::seconds kPatience{30};

/// A request as it was read: the parser's head views into `bytes`.
struct Incoming {
  http::RequestParser parser{{32 * 1024, 100, kMostBodyBytes}};
  std::string bytes;
  std::size_t head_bytes = 0;
  std::string body;
  std::string leftover;  ///< pipelined behind it
};

/// Reads more; false at the end of the connection.
Awaitable<bool> read_more(AdminStream& stream, std::string& into) {
  const std::size_t before = into.size();
  into.resize(before + kReadBytes);
  stream.expires_after(kPatience);
  auto [failed, bytes] =
      co_await stream.async_read_some(asio::buffer(into.data() + before, kReadBytes), kNoThrow);
  into.resize(before + (failed ? 0 : bytes));
  co_return !failed;
}

/// False: the connection ended. Reallocation moves the bytes, so the head is parsed once all of it
/// is there and the body is read aside.
Awaitable<Result<bool>> read_request(AdminStream& stream, Incoming& in) {
  for (;;) {
    const auto head = in.parser.parse_head(in.bytes);
    if (head.has_error()) co_return head.error();
    if ((in.head_bytes = *head) > 0) break;
    const bool more = co_await read_more(stream, in.bytes);
    if (!more) co_return false;
  }
  std::string rest = in.bytes.substr(in.head_bytes);
  const http::RequestHead& head = in.parser.head();
  const auto append = [](void* body, std::string_view data) {
    static_cast<std::string*>(body)->append(data);
  };
  const std::size_t length = static_cast<std::size_t>(head.content_length.value_or(0));
  while (head.chunked ? !in.parser.chunks_done() : rest.size() < length) {
    if (head.chunked) {
      const auto taken = in.parser.parse_chunks(rest, append, &in.body);
      if (taken.has_error()) co_return taken.error();
      rest.erase(0, *taken);
      if (in.parser.chunks_done()) break;
    }
    const bool more = co_await read_more(stream, rest);
    if (!more) co_return false;
  }
  if (!head.chunked) {
    in.body = rest.substr(0, length);
    rest.erase(0, length);
  }
  in.bytes.resize(in.head_bytes);  // shrinking keeps the head where it is
  in.leftover = std::move(rest);
  co_return true;
}

bool is_event_stream(const api::AdminResponse& answer) {
  return answer.status == 200 && answer.content_type == "text/event-stream";
}

std::string* find_header(api::AdminResponse& answer, std::string_view name) {
  for (auto& [known, value] : answer.headers) {
    if (http::equals_ignoring_case(known, name)) return &value;
  }
  return nullptr;
}

/// To HEAD the head is that of the plain answer.
void compress(const http::RequestHead& head, api::AdminResponse& answer) {
  if (answer.body.size() < http::kMinGzipBytes || is_event_stream(answer) ||
      find_header(answer, "Content-Encoding") != nullptr) {
    return;
  }
  if (std::string* vary = find_header(answer, "Vary")) {
    *vary += ", Accept-Encoding";
  } else {
    answer.headers.emplace_back("Vary", "Accept-Encoding");
  }
  if (head.method == http::Method::head || !http::accepts_gzip(head.value_of("accept-encoding"))) {
    return;
  }
  std::string compressed = http::gzip(answer.body);
  if (compressed.empty() || compressed.size() >= answer.body.size()) return;
  answer.body = std::move(compressed);
  answer.headers.emplace_back("Content-Encoding", "gzip");
}

asio::awaitable<api::AdminResponse> answer_aside(const AdminServer::Answer& answer,
                                                 const http::RequestHead& head,
                                                 std::string_view body) {
  api::AdminResponse made = answer(api::AdminRequest{head, body, {}});
  compress(head, made);
  co_return made;
}

beast::http::response<beast::http::string_body> render(const api::AdminResponse& answer,
                                                       bool head_only, bool keep_alive) {
  beast::http::response<beast::http::string_body> response;
  response.result(answer.status);
  response.version(11);
  response.set("Content-Type", answer.content_type);
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Cache-Control", "no-store");
  for (const auto& [name, value] : answer.headers) response.set(name, value);
  response.keep_alive(keep_alive);
  response.content_length(answer.body.size());
  if (!head_only) response.body() = answer.body;
  return response;
}

Awaitable<bool> send(AdminStream& stream, const api::AdminResponse& answer, bool head_only,
                     bool keep_alive) {
  const auto response = render(answer, head_only, keep_alive);
  stream.expires_after(kPatience);
  auto [failed, written] = co_await beast::http::async_write(stream, response, kNoThrow);
  co_return !failed && keep_alive;
}

}  // namespace

AdminServer::AdminServer(asio::io_context& io, asio::thread_pool& pool, int listener, Answer answer,
                         EventFeed* events, std::chrono::milliseconds heartbeat)
    : io_(io),
      pool_(pool),
      acceptor_(io.get_executor()),
      answer_(std::move(answer)),
      events_(events),
      heartbeat_(heartbeat) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&bound), &size);
  acceptor_.assign(bound.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(),
                   listener);
}

void AdminServer::start() { asio::co_spawn(io_.get_executor(), accept_loop(), asio::detached); }

void AdminServer::stop() {
  error_code ignored;
  acceptor_.close(ignored);
  if (events_ != nullptr) events_->close();
}

Awaitable<void> AdminServer::accept_loop() {
  while (acceptor_.is_open()) {
    auto [failed, socket] = co_await acceptor_.async_accept(kNoThrow);
    if (failed == asio::error::operation_aborted) co_return;
    if (failed) {
      asio::basic_waitable_timer<std::chrono::steady_clock,
                                 asio::wait_traits<std::chrono::steady_clock>, Executor>
          pause(io_.get_executor(), std::chrono::milliseconds(200));
      co_await pause.async_wait(kNoThrow);
      continue;
    }
    if (connections_ < kMostConnections) {
      asio::co_spawn(io_.get_executor(), serve(std::move(socket)), asio::detached);
    }
  }
}

Awaitable<bool> AdminServer::answer_one(AdminStream& stream, const http::RequestHead& head,
                                        std::string_view body) {
  api::AdminResponse answer = co_await asio::co_spawn(pool_, answer_aside(answer_, head, body),
                                                      asio::use_awaitable_t<Executor>{});
  const bool head_only = head.method == http::Method::head;
  if (is_event_stream(answer) && !head_only) {
    auto reader =
        events_ == nullptr ? nullptr : FeedReader::open(*events_, io_, last_event_id(head));
    if (reader != nullptr) {
      co_await send_events(stream, std::move(reader), head.http_1_0, heartbeat_);
      co_return false;
    }
    answer = api::error_answer(api::AdminRequest{head},
                               make_error(Errc::overloaded, "Too many listen to the events."));
  }
  const bool goes_on = co_await send(stream, answer, head_only, head.keep_alive);
  co_return goes_on;
}

Awaitable<void> AdminServer::serve(TcpSocket socket) {
  ++connections_;
  AdminStream stream(std::move(socket));
  Incoming in;
  for (;;) {
    const Result<bool> request = co_await read_request(stream, in);
    if (request.has_value() && !*request) break;
    if (request.has_error()) {
      static const http::RequestHead kNoHead;
      const auto refusal = api::error_answer(api::AdminRequest{kNoHead}, request.error());
      co_await send(stream, refusal, false, false);
      break;
    }
    const bool goes_on = co_await answer_one(stream, in.parser.head(), in.body);
    if (!goes_on) break;
    Incoming next;
    next.bytes = std::move(in.leftover);
    in = std::move(next);
  }
  error_code ignored;
  stream.socket().shutdown(TcpSocket::shutdown_send, ignored);
  --connections_;
}

}  // namespace tallygate
