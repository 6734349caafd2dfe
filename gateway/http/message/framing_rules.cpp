#include "gateway/http/message/framing_rules.h"

#include "gateway/http/message/characters.h"
#include "gateway/http/message/head.h"

namespace tallygate::http {
namespace {

Error bad_framing(const char* message, const char* field) {
  return make_error(Errc::bad_framing, message, field);
}

}  // namespace

void FramingFields::add_content_length(std::string_view value) {
  ++content_lengths;
  content_length = value;
}

void FramingFields::add_transfer_encoding(std::string_view value) {
  ++transfer_encodings;
  transfer_encoding = value;
}

bool FramingFields::add_connection(std::string_view value) {
  bool tokens = true;
  for_each_token(value, [&](std::string_view element) {
    if (equals_ignoring_case(element, "keep-alive")) {
      keep_alive = true;
    } else if (equals_ignoring_case(element, "close")) {
      close = true;
    } else {
      tokens = tokens && is_token(element);
    }
  });
  return tokens;
}

std::optional<std::uint64_t> parse_content_length(std::string_view text) {
  constexpr std::size_t kMaxDigits = 19;  // of 2^63 - 1
  if (text.empty() || text.size() > kMaxDigits) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (value >> 63 != 0) return std::nullopt;
  return value;
}

Result<BodyFraming> resolve_framing(const FramingFields& fields, bool http_1_0) {
  BodyFraming framing;
  if (fields.transfer_encodings == 0 && fields.content_lengths == 0) return framing;
  if (fields.transfer_encodings > 0 && fields.content_lengths > 0) {
    return bad_framing("both Transfer-Encoding and Content-Length: send one of them",
                       "transfer-encoding");
  }
  if (fields.content_lengths > 0) {
    if (fields.content_lengths > 1) {
      return bad_framing("Content-Length is repeated: send it once", "content-length");
    }
    framing.content_length = parse_content_length(fields.content_length);
    if (framing.content_length) return framing;
    return bad_framing("Content-Length must be one decimal number below 2^63", "content-length");
  }
  if (fields.transfer_encodings > 1) {
    return bad_framing("Transfer-Encoding is repeated: send it once", "transfer-encoding");
  }
  if (http_1_0) {
    return bad_framing("HTTP/1.0 has no Transfer-Encoding: send Content-Length",
                       "transfer-encoding");
  }
  framing.chunked = equals_ignoring_case(fields.transfer_encoding, "chunked");
  if (framing.chunked) return framing;
  if (is_token(fields.transfer_encoding)) {
    return make_error(Errc::transfer_coding_unsupported,
                      "the only transfer coding accepted is chunked", "transfer-encoding");
  }
  return bad_framing("Transfer-Encoding must be exactly chunked", "transfer-encoding");
}

}  // namespace tallygate::http
