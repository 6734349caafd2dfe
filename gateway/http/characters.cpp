#include "gateway/http/characters.h"

#include <cstring>

namespace tallygate::http {
namespace {

constexpr std::uint64_t every_byte(std::uint8_t byte) { return byte * 0x0101010101010101ull; }

/// True if a byte of the eight is below 0x20 or is 0x7f: exact for the question "is there any".
bool may_hold_control(const char* eight) {
  std::uint64_t word = 0;
  std::memcpy(&word, eight, 8);
  const std::uint64_t low = (word - every_byte(0x20)) & ~word;
  const std::uint64_t del = word ^ every_byte(0x7f);
  return ((low | ((del - every_byte(1)) & ~del)) & every_byte(0x80)) != 0;
}

bool has_control_slow(std::string_view text) {
  return !all_are(text, [](char c) { return !is_control(c); });
}

}  // namespace

bool has_control(std::string_view text) {
  if (text.size() < 8) return has_control_slow(text);
  const char* const last = text.data() + text.size() - 8;
  for (const char* at = text.data(); at < last; at += 8) {
    if (may_hold_control(at)) return has_control_slow(text);
  }
  return may_hold_control(last) && has_control_slow(text);
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace tallygate::http
