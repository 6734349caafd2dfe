#include "gateway/admin/admin_server.h"

#include <spdlog/spdlog.h>

#include "gateway/admin/admin_answer.h"
#include "gateway/api/shapes/answers.h"

namespace tallygate {
namespace {

const http::RequestHead kNoHead;
/// Beyond the limit of connections so many more are told, each within a few times so long; those
/// beyond that are closed without a word.
constexpr int kMostTurnedAway = 16;
constexpr std::chrono::seconds kTurnAwayTime{1};

bool is_event_stream(const api::AdminResponse& answer) {
  return answer.status == 200 && answer.content_type == "text/event-stream";
}

asio::awaitable<api::AdminResponse> answer_aside(const AdminServer::Answer& answer,
                                                 const http::RequestHead& head,
                                                 std::string_view body) {
  api::AdminResponse made = answer(api::AdminRequest{head, body, {}});
  if (!is_event_stream(made)) compress_answer(head, made);
  co_return made;
}

api::AdminResponse refuse_login(const http::RequestHead& head, std::chrono::seconds wait) {
  api::AdminResponse answer = api::error_answer(
      api::AdminRequest{head},
      make_error(Errc::rate_limited, "Too many wrong admin tokens came from this address.",
                 "authorization"));
  answer.headers.emplace_back("Retry-After", std::to_string(wait.count()));
  return answer;
}

}  // namespace

AdminServer::AdminServer(asio::io_context& io, asio::thread_pool& pool, int listener, Answer answer,
                         AdminOptions options)
    : io_(io),
      pool_(pool),
      acceptor_(io.get_executor()),
      answer_(std::move(answer)),
      options_(std::move(options)) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&bound), &size);
  acceptor_.assign(bound.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(),
                   listener);
}

void AdminServer::start() { asio::co_spawn(io_.get_executor(), accept_loop(), asio::detached); }

void AdminServer::pause() {
  error_code ignored;
  acceptor_.cancel(ignored);
}

void AdminServer::stop() {
  error_code ignored;
  acceptor_.close(ignored);
  if (options_.events != nullptr) options_.events->close();
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
    AdminLimits limits = options_.limits ? options_.limits() : AdminLimits{};
    if (connections_ < static_cast<std::uint64_t>(limits.connections)) {
      ++connections_;
      asio::co_spawn(io_.get_executor(), serve(std::move(socket), limits), asio::detached);
    } else if (turned_away_ < kMostTurnedAway) {
      ++turned_away_;
      asio::co_spawn(io_.get_executor(), turn_away(std::move(socket)), asio::detached);
    }
  }
}

Awaitable<void> AdminServer::turn_away(TcpSocket socket) {
  AdminLimits limits;
  limits.headers = limits.write = kTurnAwayTime;
  AdminStream stream(std::move(socket), options_.tls ? options_.tls() : nullptr);
  const bool secured = co_await stream.shake_hands(limits.headers);
  const Error error =
      make_error(Errc::overloaded, "The admin listener serves as many connections as it may.");
  if (secured) co_await refuse(stream, error, limits);
  --turned_away_;
}

Awaitable<void> AdminServer::serve(TcpSocket socket, AdminLimits limits) {
  AdminStream stream(std::move(socket), options_.tls ? options_.tls() : nullptr);
  const bool secured = co_await stream.shake_hands(limits.headers);
  if (secured) co_await serve_requests(stream, limits);
  --connections_;
}

Awaitable<void> AdminServer::serve_requests(AdminStream& stream, const AdminLimits& limits) {
  std::string leftover;
  for (bool goes_on = true; goes_on;) {
    AdminIncoming in(limits.message);
    in.bytes = std::move(leftover);
    HeldBytes held(held_bytes_);
    const AdminReading reading{stream, limits, held, options_.now, options_.admits};
    const Result<bool> request = co_await read_admin_request(reading, in);
    if (request.has_error()) {
      in.bytes = in.body = {};
      held.set(0);
      co_await refuse(stream, request.error(), limits);
      co_return;
    }
    if (!*request) break;
    goes_on = co_await answer_one(stream, in, limits);
    leftover = std::move(in.leftover);
  }
  co_await stream.finish();
}

Awaitable<void> AdminServer::refuse(AdminStream& stream, const Error& error,
                                    const AdminLimits& limits) {
  auto refusal = api::error_answer(api::AdminRequest{kNoHead}, error);
  if (refusal.status == 503) refusal.headers.emplace_back("Retry-After", "1");
  const std::string text = render_answer(refusal, {options_.now().wall, false, false});
  co_await stream.write(text, limits.write);
  co_await stream.finish();
  co_await stream.linger();
}

Awaitable<api::AdminResponse> AdminServer::make_answer(const AdminStream& stream,
                                                       const AdminIncoming& in) {
  const http::RequestHead& head = in.parser.head();
  const bool logs_in = !head.authorization.empty();
  const bool was_right = logs_in && logins_.was_right(head.authorization);
  if (logs_in && !was_right) {
    const auto wait = logins_.wait_of(stream.peer(), options_.now().steady);
    if (wait.count() > 0) {
      ++failed_logins_;
      co_return refuse_login(head, wait);
    }
  }
  api::AdminResponse answer = co_await asio::co_spawn(pool_, answer_aside(answer_, head, in.body),
                                                      asio::use_awaitable_t<Executor>{});
  // A public path answers whatever the token.
  if (logs_in && !was_right && options_.admits && options_.admits(head))
    logins_.after_success(head.authorization);
  if (logs_in && answer.status == 401) {
    ++failed_logins_;
    logins_.forget(head.authorization);
    const auto untold = logins_.after_failure(stream.peer(), options_.now().steady);
    if (untold) {
      spdlog::warn("{} failed admin logins, the last one from {}", *untold,
                   stream.peer().to_string());
    }
  }
  co_return answer;
}

Awaitable<bool> AdminServer::answer_one(AdminStream& stream, const AdminIncoming& in,
                                        const AdminLimits& limits) {
  const http::RequestHead& head = in.parser.head();
  api::AdminResponse answer = co_await make_answer(stream, in);
  const bool head_only = head.method == http::Method::head;
  if (is_event_stream(answer) && !head_only) {
    auto reader = options_.events == nullptr
                      ? nullptr
                      : FeedReader::open(*options_.events, io_, last_event_id(head));
    if (reader != nullptr) {
      // Named: GCC 12 copies a braced argument of a coroutine byte by byte.
      EventStreamForm form;
      form.date = date_text(options_.now().wall);
      form.http_1_0 = head.http_1_0;
      form.heartbeat = options_.heartbeat;
      co_await send_events(stream, std::move(reader), std::move(form));
      co_return false;
    }
    answer = api::error_answer(api::AdminRequest{head},
                               make_error(Errc::overloaded, "Too many listen to the events."));
  }
  const std::string text = render_answer(answer, {options_.now().wall, head_only, head.keep_alive});
  const bool sent = co_await stream.write(text, limits.write);
  co_return sent&& head.keep_alive;
}

}  // namespace tallygate
