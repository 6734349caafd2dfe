#include "gateway/access/rate_fields.h"

#include <algorithm>

#include "gateway/api/shapes/timestamps.h"
#include "gateway/http/message/head_renderer.h"

namespace tallygate::access {
namespace {

using std::chrono::ceil;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

/// SDKs ignore, or give up on, longer ones.
constexpr seconds kLongestRetry{60};

}  // namespace

std::string render_go_duration(nanoseconds duration) {
  const std::int64_t millis = ceil<milliseconds>(std::max(duration, nanoseconds{0})).count();
  if (millis == 0) return "0s";
  if (millis < 1000) return std::to_string(millis) + "ms";
  constexpr std::int64_t kSecond = 1000;
  constexpr std::int64_t kMinute = 60 * kSecond;
  constexpr std::int64_t kHour = 60 * kMinute;
  std::string text;
  if (millis >= kHour) text += std::to_string(millis / kHour) + "h";
  if (millis >= kMinute) text += std::to_string(millis % kHour / kMinute) + "m";
  text += std::to_string(millis % kMinute / kSecond);
  if (const std::int64_t rest = millis % kSecond; rest != 0) {
    std::string fraction = std::to_string(kSecond + rest);  // 1008 for .008
    fraction.front() = '.';
    while (fraction.back() == '0') fraction.pop_back();
    text += fraction;
  }
  return text + "s";
}

void append_rate_fields(const RateShare& share, config::Protocol protocol, WallTime now,
                        std::string& block) {
  const bool anthropic = protocol == config::Protocol::anthropic;
  // By hand, since it is on every answer to a limited key: no text of its own for a name.
  const auto append = [&](std::string_view which, std::string_view value) {
    block.append(anthropic ? "anthropic-ratelimit-" : "x-ratelimit-");
    block.append(anthropic ? share.what : which).append("-");
    block.append(anthropic ? which : share.what).append(": ").append(value).append("\r\n");
  };
  append("limit", std::to_string(share.limit));
  append("remaining", std::to_string(share.remaining));
  if (!anthropic) return append("reset", render_go_duration(share.reset_after));
  const WallTime full = now + ceil<std::chrono::microseconds>(share.reset_after);
  append("reset", api::render_rfc3339(ceil<seconds>(full)));
}

void append_retry_fields(nanoseconds retry_after, std::string& block) {
  const nanoseconds shown = std::clamp<nanoseconds>(retry_after, milliseconds{1}, kLongestRetry);
  http::append_field("Retry-After", std::to_string(ceil<seconds>(shown).count()), block);
  http::append_field("retry-after-ms", std::to_string(ceil<milliseconds>(shown).count()), block);
  http::append_field("x-should-retry", "false", block);
}

}  // namespace tallygate::access
