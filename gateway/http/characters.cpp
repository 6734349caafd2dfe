#include "gateway/http/characters.h"

#include <algorithm>
#include <array>

namespace tallygate::http {
namespace {

constexpr auto kTokenChars = [] {
  std::array<bool, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

constexpr std::uint64_t every_byte(std::uint8_t byte) { return byte * 0x0101010101010101ull; }

/// True if a byte of `word` is below 0x20 or is 0x7f: exact for the question "is there any".
constexpr bool may_hold_control(std::uint64_t word) {
  const std::uint64_t low = (word - every_byte(0x20)) & ~word;
  const std::uint64_t del = word ^ every_byte(0x7f);
  return ((low | ((del - every_byte(1)) & ~del)) & every_byte(0x80)) != 0;
}

}  // namespace

bool is_token_char(char c) { return kTokenChars[static_cast<unsigned char>(c)]; }

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool has_control(std::string_view text) {
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    if (may_hold_control(word) && std::any_of(at, at + 8, is_control)) return true;
  }
  return std::any_of(at, at + left, is_control);
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace tallygate::http
