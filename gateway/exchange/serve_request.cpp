#include "gateway/exchange/serve_request.h"

#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>

#include "gateway/access/rate_fields.h"
#include "gateway/api/operation/store_readiness.h"
#include "gateway/api/shapes/json_body.h"
#include "gateway/exchange/endpoints.h"
#include "gateway/exchange/exchange.h"
#include "gateway/exchange/local/ask_control.h"
#include "gateway/exchange/local/models.h"
#include "gateway/exchange/local/user_variant.h"
#include "gateway/http/request_reader.h"
#include "gateway/http/response_writer.h"
#include "gateway/worker_clock.h"

namespace tallygate {
namespace {

/// More than this is not read just to keep a connection whose request was refused.
constexpr std::uint64_t kDrainedBytes = 64 * 1024;

std::string_view method_label(const http::RequestHead& head) {
  switch (head.method) {
    case http::Method::get: return "GET";
    case http::Method::head: return "HEAD";
    case http::Method::post: return "POST";
    case http::Method::put: return "PUT";
    case http::Method::patch: return "PATCH";
    case http::Method::delete_: return "DELETE";
    case http::Method::options: return "OPTIONS";
    case http::Method::other: return "_OTHER";
  }
  return "_OTHER";
}

Error refusal_of_path(const http::RequestHead& head, const EndpointMatch& match) {
  if (!match.path_known && head.method != http::Method::other) {
    return make_error(Errc::not_found, "there is no such endpoint; see GET /v1/models for models");
  }
  return make_error(Errc::method_not_allowed, "this endpoint does not answer that method");
}

/// Whose request it is, and whether it may come in: takes its place if it may.
std::optional<Error> refusal_of_caller(http::Session& session, const Endpoint& endpoint) {
  access::Terms terms;
  terms.need = endpoint.key;
  terms.require_key = session.settings().listeners.data.require_key;
  terms.protocol = endpoint.protocol;
  const http::EventLoop& loop = session.worker.loop;
  return session.caller.enter(session.head(), session.worker.view().keys, terms, loop.now);
}

/// What else can be said against a request by its head alone.
std::optional<Error> refusal_of_size(const http::RequestHead& head, std::size_t limit) {
  if (head.content_length.value_or(0) <= limit) return std::nullopt;
  return make_error(Errc::body_too_large, "the request body is larger than the limit of " +
                                              std::to_string(limit) + " bytes");
}

std::optional<Error> refusal_of_head(const http::Session& session, const Endpoint& endpoint) {
  const http::RequestHead& head = session.head();
  if (!endpoint.has_body()) return std::nullopt;
  if (session.worker.sheds_load()) {
    return make_error(Errc::overloaded, "the gate is short of memory; retry");
  }
  if (endpoint.kind == EndpointKind::by_control) return refusal_of_size(head, api::kMaxJsonBytes);
  if (!head.content_encoding.empty() &&
      !http::equals_ignoring_case(head.content_encoding, "identity")) {
    return make_error(Errc::unsupported_content_encoding, "request bodies must not be compressed",
                      "content-encoding");
  }
  const std::string_view wanted =
      endpoint.kind == EndpointKind::json ? "application/json" : "multipart/form-data";
  if (!http::is_media_type(head.content_type, wanted)) {
    return make_error(Errc::unsupported_media_type, "the body must be " + std::string(wanted),
                      "content-type");
  }
  return refusal_of_size(head, session.settings().limits.body_bytes);
}

/// Reads the body of a request that is refused anyway, if that is cheap, so that the connection can
/// stay; else it closes.
Task<void> drop_body(http::Session& session) {
  if (!session.parser.has_body()) co_return;
  const http::RequestHead& head = session.head();
  if (head.chunked || head.expect_continue || head.content_length.value_or(0) > kDrainedBytes) {
    session.close_after = true;
    co_return;
  }
  const Result<void> dropped = co_await http::read_body(session);
  if (dropped.has_error()) session.close_after = true;
}

Task<void> refuse(http::Session& session, config::Protocol protocol, const Error& error,
                  std::string_view fields) {
  session.worker.metrics.count_rejected(error.code);
  co_await drop_body(session);
  http::write_error(session, protocol, error, {}, fields);
  co_await http::send_all(session);
}

/// The bytes of the client's address; of IPv6 the network's, since one host has 2^64 of them.
std::string network_of(const http::Session& session) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(session.client.fd(), reinterpret_cast<sockaddr*>(&peer), &size) != 0) return {};
  if (peer.ss_family == AF_INET) {
    const auto& address = reinterpret_cast<const sockaddr_in&>(peer).sin_addr;
    return {reinterpret_cast<const char*>(&address), sizeof address};
  }
  constexpr std::size_t kNetworkBytes = 8;
  const auto& address = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
  return {reinterpret_cast<const char*>(&address), kNetworkBytes};
}

bool is_plain(std::string_view credential) {
  constexpr std::size_t kMostBytes = 4096;
  return credential.size() <= kMostBytes &&
         std::all_of(credential.begin(), credential.end(),
                     [](char c) { return c >= 0x20 && c < 0x7F; });
}

/// Refused by its caller's key, or for want of one.
Task<void> refuse_caller(http::Session& session, config::Protocol protocol, Error error) {
  std::string fields;
  std::chrono::nanoseconds retry_after = session.caller.retry_after();
  if (error.code == Errc::invalid_api_key) {
    const http::RequestHead& head = session.head();
    if (!is_plain(head.authorization) || !is_plain(head.x_api_key)) session.close_after = true;
    const auto now = session.worker.loop.now.steady;
    const auto counted = session.worker.refusals.count(network_of(session), now);
    if (!counted.allowed) {
      error =
          make_error(Errc::rate_limited, "too many requests without a valid key came from here");
      retry_after = counted.retry_after;
      session.close_after = true;
    }
  }
  if (error.code == Errc::rate_limited) access::append_retry_fields(retry_after, fields);
  co_await refuse(session, protocol, error, fields);
}

void write_readiness(http::Session& session) {
  Worker& worker = session.worker;
  const bool ready = worker.shared().ready.load() && (!worker.draining() || worker.is_replaced());
  const auto health =
      api::store_health_of(worker.shared().journal.status(), {}, !worker.commits.degraded());
  http::write_answer(
      session, ready ? 200 : 503, "application/json",
      api::render_readiness(ready ? "ready" : "draining", health, api::Messages::left_out));
}

/// Endpoints that need no upstream.
Task<void> answer_locally(http::Session& session, const Endpoint& endpoint, std::string_view tail) {
  co_await drop_body(session);
  const router::Snapshot& snapshot = *session.worker.view().snapshot;
  const store::Names& names = session.worker.shared().names;
  if (endpoint.kind == EndpointKind::livez) {
    http::write_answer(session, 200, "application/json", R"({"status":"alive"})");
  } else if (endpoint.kind == EndpointKind::readyz) {
    write_readiness(session);
  } else if (endpoint.kind == EndpointKind::models) {
    http::write_answer(session, 200, "application/json",
                       render_models(snapshot, names, session.caller.key()));
  } else {
    const Result<std::string> found =
        endpoint.kind == EndpointKind::model
            ? render_model(snapshot, names, tail, session.caller.key())
            : render_user_variant(snapshot, names, session.caller, session.head().query);
    if (found.has_error()) {
      session.worker.metrics.count_rejected(found.error().code);
      http::write_error(session, config::Protocol::openai, found.error());
    } else {
      http::write_answer(session, 200, "application/json", *found);
    }
  }
  co_await http::send_all(session);
}

Task<void> answer(http::Session& session, const EndpointMatch& match,
                  const std::optional<Error>& refused_caller) {
  if (match.endpoint == nullptr) {
    std::string allow;
    const Error error = refusal_of_path(session.head(), match);
    if (error.code == Errc::method_not_allowed) {
      http::append_field("Allow", match.path_known ? match.allow : "GET, HEAD, POST", allow);
      if (session.head().method == http::Method::other) session.close_after = true;
    }
    co_return co_await refuse(session, config::Protocol::openai, error, allow);
  }
  const Endpoint& endpoint = *match.endpoint;
  if (refused_caller) {
    co_return co_await refuse_caller(session, endpoint.protocol, *refused_caller);
  }
  if (const auto refusal = refusal_of_head(session, endpoint)) {
    if (refusal->code == Errc::body_too_large) session.close_after = true;
    co_return co_await refuse(session, endpoint.protocol, *refusal, {});
  }
  if (!endpoint.has_body()) co_return co_await answer_locally(session, endpoint, match.tail);
  const Result<void> body = co_await http::read_body(session);
  if (body.has_error()) {
    session.close_after = true;
    if (body.error().code == Errc::client_abort) co_return;
    session.worker.metrics.count_rejected(body.error().code);
    http::write_error(session, endpoint.protocol, body.error());
    co_await http::send_all(session);
    co_return;
  }
  if (endpoint.kind == EndpointKind::by_control) co_return co_await ask_control(session);
  co_await handle_inference(session, endpoint);
}

void log_access(const telemetry::HttpSample& sample) {
  spdlog::info(
      "access method={} route={} status={} error={} duration_us={} request_bytes={} "
      "response_bytes={}",
      sample.method, sample.route, sample.status, sample.error, sample.duration_us,
      sample.request_bytes, sample.response_bytes);
}

void count(http::Session& session, std::string_view method, std::string_view route) {
  telemetry::HttpSample sample;
  sample.method = method;
  sample.route = route;
  sample.status = session.status;
  sample.tls = session.client.is_tls();
  if (session.error) sample.error = traits_of(*session.error).code;
  sample.duration_us = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(steady_now() - session.head_complete)
          .count());
  sample.request_bytes = session.request_bytes;
  sample.response_bytes = session.answer_bytes;
  session.worker.metrics.count_http(sample);
  if (session.settings().log.access) log_access(sample);
}

}  // namespace

Task<void> serve_request(http::Session& session) {
  const EndpointMatch match = find_endpoint(session.head().method, session.head().path);
  const std::string_view method = method_label(session.head());
  session.worker.metrics.add_active_requests(method, session.client.is_tls(), 1);
  if (!session.head().keep_alive) session.close_after = true;
  std::optional<Error> refused;
  if (match.endpoint != nullptr) refused = refusal_of_caller(session, *match.endpoint);
  // The usual request takes the short way: one coroutine less.
  const bool usual = match.endpoint != nullptr && match.endpoint->is_inference() && !refused &&
                     !refusal_of_head(session, *match.endpoint) && http::take_body_at_once(session);
  if (usual) {
    co_await handle_inference(session, *match.endpoint);
  } else {
    co_await answer(session, match, refused);
  }
  session.caller.leave();
  session.worker.metrics.add_active_requests(method, session.client.is_tls(), -1);
  count(session, method, match.endpoint != nullptr ? match.endpoint->path : std::string_view{});
}

}  // namespace tallygate
