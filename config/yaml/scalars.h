#pragma once
// Text <-> numbers, durations and sizes, as the file spells them. Pure.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tallygate::config::yaml {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// `lower` is in lower case; letters are those of ASCII.
inline bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char one, char other) {
    return (is_letter(one) ? static_cast<char>(one | 0x20) : one) == other;
  });
}

/// Decimal digits without sign, leading zero or overflow; else nullopt.
std::optional<std::uint64_t> parse_whole(std::string_view text);

/// A finite decimal number such as 0.2, -3 or 1e-3; else nullopt.
std::optional<double> parse_number(std::string_view text);

/// Whole number and unit: ms, s, m, h or d. At most about 290,000 years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// In the largest unit that is exact: 90s, 1h; zero is 0s.
std::string render_duration(std::chrono::milliseconds duration);

/// Whole number of bytes, or with a unit: B, KiB, MiB, GiB, TiB.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// In the largest unit that is exact, plain bytes otherwise.
std::string render_size(std::uint64_t bytes);

/// The shortest text that reads back as the same number; without an exponent in the usual range.
std::string render_number(double number);

}  // namespace tallygate::config::yaml
