#include "gateway/exchange/attempt/retry_after.h"

#include <gtest/gtest.h>

namespace tallygate {
namespace {

using namespace std::chrono_literals;
using Millis = std::optional<std::chrono::milliseconds>;

/// 2026-01-01 00:00:00 UTC.
constexpr WallTime kNow{std::chrono::seconds{1'767'225'600}};

void check(std::string_view retry_after, std::string_view millis, Millis expected) {
  EXPECT_EQ(parse_retry_after(retry_after, millis, kNow), expected)
      << retry_after << " | " << millis;
}

TEST(RetryAfter, ReadsSecondsMillisecondsAndDates) {
  check("7", "", 7s);
  check("0", "", 0s);
  check("1.5", "", 1500ms);
  check("7", "250", 250ms);
  check("7", "250.9", 250ms);
  check("", "60000", 60s);
  check("Thu, 01 Jan 2026 00:01:30 GMT", "", 90s);
  check("Wed, 31 Dec 2025 23:59:00 GMT", "", 0s);
  check("86400000000000", "", std::chrono::hours{365 * 24});
}

TEST(RetryAfter, TakesNothingFromWhatMakesNoSense) {
  for (const std::string_view text :
       {"", " 7", "7 ", "-1", "+1", "0x7", "1e3", "nan", "seven", "7, 8", "Thu, 01 Jan 2026",
        "Thu, 01 Jan 2026 00:01:30 CET", "Thursday, 01-Jan-26 00:01:30 GMT"}) {
    check(text, "", std::nullopt);
  }
  check("7", "soon", 7s);
}

TEST(RetryAfter, IsTheOneThatSdksObey) {
  const auto check_fields = [](std::chrono::milliseconds wait, const std::string& expected) {
    std::string block;
    append_retry_after(wait, block);
    EXPECT_EQ(block, expected);
  };
  check_fields(0ms, "Retry-After: 0\r\nretry-after-ms: 0\r\n");
  check_fields(250ms, "Retry-After: 1\r\nretry-after-ms: 250\r\n");
  check_fields(7s, "Retry-After: 7\r\nretry-after-ms: 7000\r\n");
  check_fields(1h, "Retry-After: 60\r\nretry-after-ms: 60000\r\n");
}

}  // namespace
}  // namespace tallygate
