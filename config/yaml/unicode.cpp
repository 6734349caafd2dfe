#include "config/yaml/unicode.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace tallygate::config::yaml {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<std::uint8_t>(text[at]) : 0;
}

/// Bytes of the character at `at`; 0 if it is malformed, overlong, a surrogate or too large.
std::size_t character_bytes(std::string_view text, std::size_t at) {
  const std::uint8_t first = byte_at(text, at);
  const std::uint8_t second = byte_at(text, at + 1);
  const auto follows = [&](std::size_t offset) {
    return (byte_at(text, at + offset) & 0xC0) == 0x80;
  };
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  if (first < 0xE0) return follows(1) ? 2 : 0;
  if (first < 0xF0) {
    const bool overlong = first == 0xE0 && second < 0xA0;
    const bool surrogate = first == 0xED && second > 0x9F;
    return !overlong && !surrogate && follows(1) && follows(2) ? 3 : 0;
  }
  const bool overlong = first == 0xF0 && second < 0x90;
  const bool too_large = first == 0xF4 && second > 0x8F;
  return !overlong && !too_large && follows(1) && follows(2) && follows(3) ? 4 : 0;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

}  // namespace

std::size_t first_bad_byte(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    const std::size_t length = character_bytes(text, at);
    const bool blank = c == '\t' || c == '\n' || c == '\r';
    if (length == 0 || (is_control(c) && !blank)) return at;
    at += length;
  }
  return std::string_view::npos;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

std::string excerpt(std::string_view text) {
  constexpr std::size_t kMaxBytes = 60;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (out.size() >= kMaxBytes) return out + "...";
    const std::size_t length = character_bytes(text, at);
    if (length == 0 || is_control(text[at])) {
      out += fmt::format("\\x{:02x}", byte_at(text, at));
      ++at;
    } else {
      out += text.substr(at, length);
      at += length;
    }
  }
  return out;
}

}  // namespace tallygate::config::yaml
