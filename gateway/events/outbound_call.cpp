#include "gateway/events/outbound_call.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "gateway/upstream/refuse_address.h"

namespace tallygate {
namespace {

namespace beast = boost::beast;
using PlainStream = beast::basic_stream<asio::ip::tcp, Executor>;
using Request = beast::http::request<beast::http::string_body>;
using TcpResolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

constexpr std::size_t kMaxAnswerHeadBytes = 16 * 1024;

Error failed_at(const OutboundCall& call, const std::string& why) {
  return make_error(Errc::upstream_connect_error, call.subject + ": " + why);
}

Request request_of(const OutboundCall& call) {
  Request request(call.is_post ? beast::http::verb::post : beast::http::verb::get, call.target, 11);
  request.set("Host", call.host_header);
  request.set("User-Agent", "tallygate/" TALLYGATE_VERSION);
  for (const auto& [name, value] : call.fields) request.set(name, value);
  request.set("Connection", "close");
  if (call.is_post) {
    request.set("Content-Type", "application/json");
    request.body() = call.body;
    request.prepare_payload();
  }
  return request;
}

/// A look-up that somebody may stop waiting for: the system's resolver cannot be interrupted.
struct LookUp {
  explicit LookUp(asio::io_context& io) : resolver(io.get_executor()), wake(io.get_executor()) {}

  TcpResolver resolver;
  Timer wake;
  bool done = false;
  error_code failed;
  TcpResolver::results_type found;
};

Awaitable<Result<TcpResolver::results_type>> look_up(asio::io_context& io,
                                                     const OutboundCall& call) {
  const auto shared = std::make_shared<LookUp>(io);
  shared->wake.expires_after(call.timeout);
  shared->resolver.async_resolve(call.host, call.port, asio::ip::resolver_base::numeric_service,
                                 [shared](error_code failed, TcpResolver::results_type found) {
                                   shared->done = true;
                                   shared->failed = failed;
                                   shared->found = std::move(found);
                                   shared->wake.cancel();
                                 });
  while (!shared->done) {
    auto [woken] = co_await shared->wake.async_wait(kNoThrow);
    if (!woken) break;
  }
  if (!shared->done) {
    shared->resolver.cancel();
    co_return failed_at(call, "its name was not resolved in time");
  }
  if (shared->failed) {
    co_return failed_at(call, "its name is not known: " + shared->failed.message());
  }
  co_return shared->found;
}

/// Tries the addresses in order.
Awaitable<Result<void>> connect(asio::io_context& io, PlainStream& stream,
                                const OutboundCall& call) {
  const auto found = co_await look_up(io, call);
  if (found.has_error()) co_return found.error();
  Error last = failed_at(call, "its name has no address");
  stream.expires_after(call.timeout);
  for (const auto& entry : *found) {
    const std::string_view why = refuse_address(entry.endpoint().address(), call.private_ones);
    if (!why.empty()) {
      last = failed_at(call, std::string(why));
      continue;
    }
    auto [failed] = co_await stream.async_connect(entry.endpoint(), kNoThrow);
    if (!failed) co_return Result<void>{};
    last = failed_at(call, failed.message());
    stream.close();
    if (failed == beast::error::timeout) break;
  }
  co_return last;
}

template <class Stream>
Awaitable<Result<void>> send_over(Stream& stream, const OutboundCall& call) {
  const Request request = request_of(call);
  auto [unsent, sent] = co_await beast::http::async_write(stream, request, kNoThrow);
  if (unsent) co_return failed_at(call, unsent.message());
  beast::flat_buffer buffer(kMaxAnswerHeadBytes);
  beast::http::response_parser<beast::http::empty_body> parser;
  parser.header_limit(kMaxAnswerHeadBytes);
  parser.skip(true);
  auto [unread, read] = co_await beast::http::async_read_header(stream, buffer, parser, kNoThrow);
  if (unread) co_return failed_at(call, unread.message());
  const unsigned status = parser.get().result_int();
  if (status >= 200 && status < 300) co_return Result<void>{};
  co_return failed_at(call, "answered " + std::to_string(status));
}

}  // namespace

Awaitable<Result<void>> run_call(asio::io_context& io, OutboundCall call) {
  PlainStream stream(io.get_executor());
  const Result<void> connected = co_await connect(io, stream, call);
  if (connected.has_error()) co_return connected.error();
  if (!call.is_https) {
    Result<void> done = co_await send_over(stream, call);
    co_return done;
  }
  if (call.tls == nullptr) co_return failed_at(call, "there are no CA certificates for https");
  asio::ssl::stream<PlainStream&> secured(
      stream, http::make_client_handle(*call.tls, call.host, call.verify_tls).release());
  auto [refused] = co_await secured.async_handshake(asio::ssl::stream_base::client, kNoThrow);
  if (refused) co_return failed_at(call, "TLS: " + refused.message());
  Result<void> done = co_await send_over(secured, call);
  co_return done;
}

}  // namespace tallygate
