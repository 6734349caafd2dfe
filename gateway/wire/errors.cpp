#include "gateway/wire/errors.h"

#include <cstddef>

#include "gateway/wire/json/utf8.h"

namespace tallygate::wire {
namespace {

constexpr std::size_t kMaxMessageBytes = 1024;
constexpr std::size_t kMaxParamBytes = 128;

void append_string(std::string& out, std::string_view text, std::size_t max_bytes) {
  const std::string_view kept = cut_utf8(text, max_bytes);
  out += '"';
  append_json_escaped(out, kept);
  if (kept.size() < text.size()) out += "...";
  out += '"';
}

void append_string_or_null(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += "null";
  } else {
    append_string(out, text, kMaxParamBytes);
  }
}

void append_unicode_escape(std::string& out, unsigned unit) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(unit >> shift) & 0xF];
}

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  const bool plain = c >= 0x20 && c != 0x7F && c != '<' && c != '>' && c != '&';
  if (plain) {
    out += c;
  } else {
    append_unicode_escape(out, static_cast<unsigned char>(c));
  }
}

}  // namespace

void append_json_escaped(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_sequence_size(text.substr(at));
    const std::string_view sequence = text.substr(at, size);
    if (size == 0) {
      out += "\xEF\xBF\xBD";
    } else if (size == 1) {
      append_ascii(out, text[at]);
    } else if (sequence == "\u2028") {
      append_unicode_escape(out, 0x2028);
    } else if (sequence == "\u2029") {
      append_unicode_escape(out, 0x2029);
    } else {
      out += sequence;
    }
    at += size == 0 ? 1 : size;
  }
}

std::string render_error_body(config::Protocol protocol, const Error& error,
                              std::string_view request_id) {
  const ErrorTraits& traits = traits_of(error.code);
  std::string out;
  out.reserve(160 + error.message.size());
  if (protocol == config::Protocol::anthropic) {
    out += R"({"type":"error","error":{"type":")";
    out += traits.anthropic_type;
    out += R"(","message":)";
    append_string(out, error.message, kMaxMessageBytes);
    out += R"(},"request_id":)";
    append_string_or_null(out, request_id);
    out += '}';
    return out;
  }
  out += R"({"error":{"message":)";
  append_string(out, error.message, kMaxMessageBytes);
  out += R"(,"type":")";
  out += traits.type;
  out += R"(","param":)";
  append_string_or_null(out, error.param);
  out += R"(,"code":")";
  out += traits.code;
  out += "\"}}";
  return out;
}

}  // namespace tallygate::wire
