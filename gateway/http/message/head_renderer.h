#pragma once
// Heads on their way out, both directions: rendered in one pass from the fields that came in, minus
// what must not cross the gate, plus our own. Appends to a string that the caller reuses. Pure.
//
// CR, LF and NUL cannot get out: a forwarded field with a control character is left out, and the
// caller's blocks are checked (TG_ASSERT), so build those with append_field.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/message/head.h"

namespace tallygate::http {

/// How the body behind a rendered head is delimited.
enum class Framing : std::uint8_t {
  none,     ///< no line: no body, or (answers only) its end is the connection's
  length,   ///< Content-Length: content_length
  chunked,  ///< Transfer-Encoding: chunked
};

/// What the gate itself puts on a request to a target. A block is zero or more whole lines, each
/// ending in CRLF.
struct UpstreamRequestLine {
  std::string_view method;  ///< "POST"
  std::string_view
      base_path;           ///< of the target's base URL, "" or "/v1", without a slash at its end
  std::string_view path;   ///< what follows it, starts with '/'
  std::string_view query;  ///< without '?', may be empty
  std::string_view host;   ///< of the target's base URL, with its port unless it is the default
  std::string_view credential;  ///< block, e.g. "Authorization: Bearer sk-..\r\n"; empty for none
  std::string_view extra;       ///< block of our own fields, e.g. traceparent; may be empty
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;
  bool own_trace =
      false;  ///< `extra` holds traceparent: the client's and its tracestate are dropped
};

/// Appends the request head for a target. Of `client.fields` these stay behind: hop-by-hop fields,
/// Host, Content-Length, Expect, Cookie, Accept-Encoding, Authorization, x-api-key, api-key,
/// OpenAI-Organization, OpenAI-Project, x-goog-api-key, x-amz-security-token, X-Stainless-* and
/// x-tallygate-*; and who asked is nobody's business beyond the gate: Forwarded, X-Forwarded-* and
/// X-Real-IP. Adds `Accept-Encoding: identity`.
void render_request_head(const UpstreamRequestLine& line, const RequestHead& client,
                         std::string& out);

/// What the gate itself puts on an answer.
struct DownstreamStatus {
  std::uint16_t status = 200;
  std::string_view
      own_fields;         ///< block: x-request-id, x-tallygate-*, Content-Type of our errors ..
  std::string_view date;  ///< value of Date, cached by the caller; empty leaves it out
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;
  bool own_limits = false;  ///< own_fields tell the client's limits: the upstream's stay behind
  bool close = false;       ///< writes Connection: close
  bool http_1_0 = false;  ///< the client spoke HTTP/1.0: keep-alive is written out when not `close`
};

/// Appends an answer's head with the upstream's fields. These stay behind: hop-by-hop fields,
/// Content-Length, Date, Server, Set-Cookie, Alt-Svc, Strict-Transport-Security (they speak for the
/// upstream's origin, not for ours), x-tallygate-* and x-upstream-request-id; x-request-id comes
/// back as x-upstream-request-id.
void render_response_head(const DownstreamStatus& status, const ResponseHead& upstream,
                          std::string& out);

/// Appends the head of an answer that is the gate's own.
void render_response_head(const DownstreamStatus& status, std::string& out);

/// Appends `name: value` CRLF to a block. False, and nothing appended, if `name` is no token or
/// `value` holds a control character.
bool append_field(std::string_view name, std::string_view value, std::string& block);

/// "OK" for 200; empty for a status without a registered phrase.
std::string_view reason_of(std::uint16_t status);

}  // namespace tallygate::http
