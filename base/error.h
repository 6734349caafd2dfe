#pragma once
// What can go wrong, as values. One enum; one table (error.cpp) says for each entry what a client
// sees and who is to blame. Nothing else in the tree maps errors to statuses.

#include <cstdint>
#include <string>
#include <string_view>

namespace tallygate {

enum class Errc : std::uint8_t {
  // The client's request, before a route is known.
  bad_framing,
  bad_request,
  uri_too_long,
  headers_too_large,
  http_version_unsupported,
  transfer_coding_unsupported,
  method_not_allowed,
  not_found,
  request_timeout,
  body_too_large,
  unsupported_media_type,
  unsupported_content_encoding,
  expectation_failed,
  invalid_api_key,
  forbidden,
  invalid_json,
  invalid_multipart,
  invalid_parameter,
  missing_parameter,
  model_not_found,
  protocol_mismatch,
  conflict,
  // The client went away or stopped reading: recorded, never sent.
  client_abort,
  client_slow,
  // The upstream.
  upstream_connect_error,
  upstream_connect_timeout,
  upstream_reset,
  upstream_bad_response,
  upstream_timeout,
  upstream_ttft_timeout,
  upstream_status,
  upstream_auth_error,
  upstream_stream_error,
  upstream_stream_truncated,
  stream_idle_timeout,
  missing_done,
  // The gate itself.
  no_healthy_upstream,
  overloaded,
  draining,
  internal,
  // Start-up, operation, storage: printed or logged, never sent to an inference client.
  config_invalid,
  storage_unavailable,
  storage_corrupt,
  // Administration.
  misdirected_request,
  precondition_failed,  ///< If-Match names a revision that is not the latest
  rule_broken,          ///< well-formed, but against a rule that the message names
  gone,
  rate_limited,
  // More of the gate itself; the journal keeps numbers, so new ones come last.
  deadline_exceeded,  ///< the request's own time is up, and not by the last target's fault
  upstream_busy,      ///< all connections that the gate may open to the target are in use
};

inline constexpr int kErrcCount = static_cast<int>(Errc::upstream_busy) + 1;

enum class Blame : std::uint8_t { client, upstream, gateway };

/// One row of the error table.
struct ErrorTraits {
  std::string_view code;            ///< the `code` on the wire, e.g. "model_not_found"
  std::string_view type;            ///< OpenAI's `type`, e.g. "invalid_request_error"
  std::string_view anthropic_type;  ///< Anthropic's `error.type`, e.g. "not_found_error"
  std::uint16_t status;             ///< HTTP status; 499 stands for "the client is gone"
  Blame blame;
  bool retryable;  ///< another target may succeed, as long as nothing was sent to the client
};

/// The row of `code`. Total: every enumerator has one.
const ErrorTraits& traits_of(Errc code);

/// An expected failure. `message` says what was wrong and where, in words for the person who can
/// mend it; it never holds a secret. `param` names the JSON field or header at fault, if one is.
struct Error {
  Errc code = Errc::internal;  // first: an int first would make `return n;` ambiguous in Result
  std::string message;
  std::string param;
};

}  // namespace tallygate
