#pragma once
// What both directions demand of the fields that say where a message ends. Two parsers must never
// be able to read them differently, so whatever is not plain is refused (reference: RFC 9112
// sections 6.1 to 6.3). Errors are coded as a request's. Pure.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace tallygate::http {

/// Collected while the fields go by.
struct FramingFields {
  std::uint32_t content_lengths = 0;
  std::uint32_t transfer_encodings = 0;
  std::string_view content_length;
  std::string_view transfer_encoding;
  bool close = false;       ///< Connection: close
  bool keep_alive = false;  ///< Connection: keep-alive

  void add_content_length(std::string_view value);
  void add_transfer_encoding(std::string_view value);
  /// False if `value` is no list of tokens.
  bool add_connection(std::string_view value);
};

struct BodyFraming {
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
};

/// bad_framing, or transfer_coding_unsupported for one unknown coding alone.
Result<BodyFraming> resolve_framing(const FramingFields& fields, bool http_1_0);

/// Digits only, below 2^63.
std::optional<std::uint64_t> parse_content_length(std::string_view text);

}  // namespace tallygate::http
