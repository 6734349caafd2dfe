#include "gateway/exchange/attempt/retry_after.h"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace tallygate {
namespace {

using std::chrono::milliseconds;

constexpr double kMostMillis = 365.0 * 24 * 3600 * 1000;

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const auto [end, failed] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (failed != std::errc{} || end != text.data() + text.size() || !(number >= 0)) {
    return std::nullopt;
  }
  return number;
}

milliseconds millis(double number) {
  return milliseconds{static_cast<std::int64_t>(std::min(number, kMostMillis))};
}

/// The one form of a date that may be sent: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<milliseconds> parse_date(std::string_view text, WallTime now) {
  constexpr std::size_t kDateBytes = 29;
  if (text.size() != kDateBytes) return std::nullopt;
  std::tm parts{};
  const std::string copy(text);
  const char* const end = ::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const auto date = std::chrono::system_clock::from_time_t(::timegm(&parts));
  const auto wait = std::chrono::duration_cast<milliseconds>(date - now);
  return std::clamp(wait, milliseconds{0}, millis(kMostMillis));
}

}  // namespace

std::optional<milliseconds> parse_retry_after(std::string_view retry_after,
                                              std::string_view retry_after_ms, WallTime now) {
  if (const auto number = parse_number(retry_after_ms)) return millis(*number);
  if (const auto seconds = parse_number(retry_after)) return millis(*seconds * 1000);
  return parse_date(retry_after, now);
}

void append_retry_after(milliseconds wait, std::string& block) {
  const milliseconds bounded = std::clamp<milliseconds>(wait, milliseconds{0}, kLongestRetryAfter);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(bounded);
  block.append("Retry-After: ").append(std::to_string(seconds.count()));
  block.append("\r\nretry-after-ms: ").append(std::to_string(bounded.count())).append("\r\n");
}

}  // namespace tallygate
