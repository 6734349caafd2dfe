#include "gateway/upstream/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace tallygate {
namespace {

using std::chrono::milliseconds;

constexpr double kMostMillis = 1e12;  ///< some thirty years

std::optional<milliseconds> read_amount(std::string_view text, double millis_each) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  double amount = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, amount, std::chars_format::fixed);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return milliseconds{static_cast<std::int64_t>(std::min(amount * millis_each, kMostMillis))};
}

std::optional<unsigned> read_digits(std::string_view text) {
  unsigned number = 0;
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return std::nullopt;
  return number;
}

std::optional<unsigned> read_month(std::string_view name) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto found = std::ranges::find(kMonths, name);
  if (found == kMonths.end()) return std::nullopt;
  return static_cast<unsigned>(found - kMonths.begin()) + 1;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<WallTime> read_http_date(std::string_view text) {
  constexpr std::string_view kForm = "Sun, 06 Nov 1994 08:49:37 GMT";
  if (text.size() != kForm.size() || !text.ends_with(" GMT")) return std::nullopt;
  for (const std::size_t mark : {3U, 4U, 7U, 11U, 16U, 19U, 22U}) {
    if (text[mark] != kForm[mark]) return std::nullopt;
  }
  const auto day = read_digits(text.substr(5, 2));
  const auto month = read_month(text.substr(8, 3));
  const auto year = read_digits(text.substr(12, 4));
  const auto hour = read_digits(text.substr(17, 2));
  const auto minute = read_digits(text.substr(20, 2));
  const auto second = read_digits(text.substr(23, 2));
  if (!day || !month || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{*month}, std::chrono::day{*day}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
         std::chrono::seconds{*second};
}

}  // namespace

std::optional<milliseconds> read_retry_after(std::string_view retry_after,
                                             std::string_view retry_after_ms, WallTime now) {
  if (const auto millis = read_amount(retry_after_ms, 1)) return millis;
  if (const auto seconds = read_amount(retry_after, 1000)) return seconds;
  const auto date = read_http_date(retry_after);
  if (!date) return std::nullopt;
  return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(*date - now));
}

}  // namespace tallygate
