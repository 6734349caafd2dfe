#pragma once
// Character classes of RFC 9110 section 5.6 and the few questions asked about them.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tallygate::http {

/// tchar: what names, methods and codings are made of.
bool is_token_char(char c);

/// One tchar or more.
bool is_token(std::string_view text);

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A control character (NUL, CR and LF are some), HTAB excepted.
constexpr bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

/// Any is_control in `text`; eight bytes at a time, for it runs over every value forwarded.
bool has_control(std::string_view text);

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

std::string_view trim_blanks(std::string_view text);

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
