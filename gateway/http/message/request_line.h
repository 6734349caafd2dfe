#pragma once
// The request line of RFC 9112 section 3 and the Host field of section 3.2, checked more strictly
// than Beast does. Private to the acceptance layer. Pure.

#include <optional>
#include <string_view>

#include "base/result.h"
#include "gateway/http/message/head.h"

namespace tallygate::http {

/// Fills method, target, path, query and version from `line` (without CRLF).
std::optional<Error> parse_request_line(std::string_view line, RequestHead& head);

/// A name or IPv4 address or bracketed IPv6 address, and an optional port of at most five digits.
bool is_valid_host(std::string_view host);

}  // namespace tallygate::http
