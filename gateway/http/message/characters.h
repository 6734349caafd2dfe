#pragma once
// Character classes of RFC 9110 section 5.6 and the few questions asked about them. Inline: they
// are asked about every byte of every head.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tallygate::http {

namespace detail {
inline constexpr auto kTokenChars = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (std::size_t c = '0'; c <= '9'; ++c) table[c] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();
}  // namespace detail

/// tchar: what names, methods and codings are made of.
constexpr bool is_token_char(char c) { return detail::kTokenChars[static_cast<unsigned char>(c)]; }

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A control character (NUL, CR and LF are some), HTAB excepted.
constexpr bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

/// `predicate` holds for every character; true for none.
template <class Predicate>
constexpr bool all_are(std::string_view text, Predicate predicate) {
  for (const char c : text) {
    if (!predicate(c)) return false;
  }
  return true;
}

/// One tchar or more.
constexpr bool is_token(std::string_view text) {
  return !text.empty() && all_are(text, [](char c) { return is_token_char(c); });
}

namespace detail {

/// Sixteen characters at once, in the vectors of GCC and clang: SSE2 or NEON.
struct Block {
  using Bytes = unsigned char __attribute__((vector_size(16)));
  std::uint64_t low = 0, high = 0;  ///< 0xff for each control character, in order

  explicit Block(const char* at) {
    Bytes bytes;
    std::memcpy(&bytes, at, sizeof bytes);
    const auto controls = ((bytes < 0x20) & (bytes != '\t')) | (bytes == 0x7f);
    static_assert(sizeof controls == 16);
    std::memcpy(&low, &controls, 8);
    std::memcpy(&high, reinterpret_cast<const char*>(&controls) + 8, 8);
  }
  bool any() const { return (low | high) != 0; }
  std::size_t first() const {
    static_assert(std::endian::native == std::endian::little);
    const int bits = low != 0 ? std::countr_zero(low) : 64 + std::countr_zero(high);
    return static_cast<std::size_t>(bits) / 8;
  }
};

}  // namespace detail

/// The first is_control character, `end` if there is none. Reads nothing at `end` and behind.
inline const char* find_control(const char* at, const char* end) {
  constexpr std::ptrdiff_t kBlock = 16;
  for (; end - at >= kBlock; at += kBlock) {
    const detail::Block block(at);
    if (block.any()) return at + block.first();
  }
  while (at != end && !is_control(*at)) ++at;
  return at;
}

inline bool has_control(std::string_view text) {
  const char* const end = text.data() + text.size();
  return find_control(text.data(), end) != end;
}

inline std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Calls `visit(token)` for each element of a comma-separated list, blanks trimmed, empty ones
/// left out.
template <class Visit>
void for_each_token(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view token = trim_blanks(list.substr(0, comma));
    if (!token.empty()) visit(token);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace tallygate::http
