#include "base/error.h"

#include <array>
#include <utility>

#include "base/assert.h"

namespace tallygate {
namespace {

constexpr std::string_view kInvalid = "invalid_request_error";
constexpr std::string_view kServer = "server_error";
constexpr std::string_view kUpstream = "upstream_error";
constexpr std::string_view kApi = "api_error";

constexpr ErrorTraits client(std::string_view code, std::uint16_t status,
                             std::string_view anthropic = kInvalid) {
  return {code, kInvalid, anthropic, status, Blame::client, false};
}

constexpr ErrorTraits upstream(std::string_view code, std::uint16_t status,
                               std::string_view anthropic = kApi) {
  return {code, kUpstream, anthropic, status, Blame::upstream, true};
}

constexpr ErrorTraits gateway(std::string_view code, std::uint16_t status,
                              std::string_view anthropic = kApi) {
  return {code, kServer, anthropic, status, Blame::gateway, false};
}

// An exhaustive switch rather than an array: -Wswitch-enum names the entry that was forgotten.
constexpr ErrorTraits row_of(Errc code) {
  switch (code) {
    case Errc::bad_framing: return client("bad_framing", 400);
    case Errc::bad_request: return client("bad_request", 400);
    case Errc::uri_too_long: return client("uri_too_long", 414);
    case Errc::headers_too_large: return client("headers_too_large", 431);
    case Errc::http_version_unsupported: return client("http_version_unsupported", 505);
    case Errc::transfer_coding_unsupported: return client("transfer_coding_unsupported", 501);
    case Errc::method_not_allowed: return client("method_not_allowed", 405);
    case Errc::not_found: return client("not_found", 404, "not_found_error");
    case Errc::request_timeout: return client("request_timeout", 408);
    case Errc::body_too_large: return client("body_too_large", 413, "request_too_large");
    case Errc::unsupported_media_type: return client("unsupported_media_type", 415);
    case Errc::unsupported_content_encoding: return client("unsupported_content_encoding", 415);
    case Errc::expectation_failed: return client("expectation_failed", 417);
    case Errc::invalid_api_key: return client("invalid_api_key", 401, "authentication_error");
    case Errc::forbidden: return client("forbidden", 403, "permission_error");
    case Errc::invalid_json: return client("invalid_json", 400);
    case Errc::invalid_multipart: return client("invalid_multipart", 400);
    case Errc::invalid_parameter: return client("invalid_parameter", 400);
    case Errc::missing_parameter: return client("missing_parameter", 400);
    case Errc::model_not_found: return client("model_not_found", 404, "not_found_error");
    case Errc::protocol_mismatch: return client("protocol_mismatch", 400);
    case Errc::conflict: return client("conflict", 409);
    case Errc::client_abort: return client("client_abort", 499);
    case Errc::client_slow: return client("client_slow", 499);
    case Errc::upstream_connect_error: return upstream("upstream_connect_error", 502);
    case Errc::upstream_connect_timeout:
      return upstream("upstream_connect_timeout", 504, "timeout_error");
    case Errc::upstream_reset: return upstream("upstream_reset", 502);
    case Errc::upstream_bad_response: return upstream("upstream_bad_response", 502);
    case Errc::upstream_timeout: return upstream("upstream_timeout", 504, "timeout_error");
    case Errc::upstream_ttft_timeout:
      return upstream("upstream_ttft_timeout", 504, "timeout_error");
    case Errc::upstream_status: return upstream("upstream_status", 502);
    case Errc::upstream_auth_error: return upstream("upstream_auth_error", 502);
    case Errc::upstream_stream_error: return upstream("upstream_stream_error", 502);
    case Errc::upstream_stream_truncated: return upstream("upstream_stream_truncated", 502);
    case Errc::stream_idle_timeout: return upstream("stream_idle_timeout", 504, "timeout_error");
    case Errc::missing_done: return upstream("missing_done", 502);
    case Errc::no_healthy_upstream: return gateway("no_healthy_upstream", 503, "overloaded_error");
    case Errc::overloaded: return gateway("overloaded", 503, "overloaded_error");
    case Errc::draining: return gateway("draining", 503, "overloaded_error");
    case Errc::internal: return gateway("internal_error", 500);
    case Errc::config_invalid: return gateway("config_invalid", 400);
    case Errc::storage_unavailable: return gateway("storage_unavailable", 503);
    case Errc::storage_corrupt: return gateway("storage_corrupt", 503);
    case Errc::misdirected_request: return client("misdirected_request", 421);
    case Errc::precondition_failed: return client("precondition_failed", 412);
    case Errc::rule_broken: return client("rule_broken", 422);
    case Errc::gone: return client("gone", 410);
    case Errc::rate_limited: return client("rate_limited", 429, "rate_limit_error");
    case Errc::deadline_exceeded: return gateway("deadline_exceeded", 504, "timeout_error");
    case Errc::upstream_busy:
      return {"upstream_busy", kServer, "overloaded_error", 503, Blame::gateway, true};
  }
  return gateway("internal_error", 500);
}

template <std::size_t... I>
constexpr auto make_rows(std::index_sequence<I...>) {
  return std::array<ErrorTraits, sizeof...(I)>{row_of(static_cast<Errc>(I))...};
}

constexpr auto kRows = make_rows(std::make_index_sequence<kErrcCount>());

}  // namespace

const ErrorTraits& traits_of(Errc code) {
  const auto index = static_cast<std::size_t>(code);
  TG_ASSERT(index < kRows.size());
  return kRows[index];
}

}  // namespace tallygate
