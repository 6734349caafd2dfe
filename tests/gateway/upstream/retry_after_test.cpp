#include "gateway/upstream/retry_after.h"

#include <gtest/gtest.h>

namespace tallygate {
namespace {

using std::chrono::milliseconds;

/// Sun, 06 Nov 1994 08:49:37 GMT
constexpr WallTime kNow{std::chrono::seconds{784'111'777}};

void check(std::string_view retry_after, std::string_view millis, std::int64_t expected) {
  EXPECT_EQ(read_retry_after(retry_after, millis, kNow), milliseconds{expected})
      << retry_after << '|' << millis;
}

void check_unread(std::string_view retry_after, std::string_view millis = {}) {
  EXPECT_EQ(read_retry_after(retry_after, millis, kNow), std::nullopt)
      << retry_after << '|' << millis;
}

TEST(RetryAfter, ReadsSecondsMillisecondsAndDates) {
  check("0", "", 0);
  check("30", "", 30'000);
  check("1.5", "", 1'500);
  check("", "250", 250);
  check("1", "1.9", 1);
  check("30", "soon", 30'000);
  check("Sun, 06 Nov 1994 08:49:47 GMT", "", 10'000);
  check("Mon, 07 Nov 1994 08:49:37 GMT", "", 86'400'000);
  check("Sun, 06 Nov 1994 08:49:36 GMT", "", 0);
  check("Thu, 01 Jan 1970 00:00:00 GMT", "", 0);
}

TEST(RetryAfter, BoundsWhatItReads) {
  check("99999999999999999999", "", 1'000'000'000'000);
  check("", "1000000000000000", 1'000'000'000'000);
}

TEST(RetryAfter, IgnoresWhatIsNone) {
  for (const std::string_view text : {"",
                                      " ",
                                      "-1",
                                      "+1",
                                      "1s",
                                      "nan",
                                      "inf",
                                      "1e9",
                                      "0x10",
                                      "1 2",
                                      "tomorrow",
                                      "Sun, 06 Nov 1994 08:49:37 CET",
                                      "Sun, 06 Nov 1994 08:49:37",
                                      "Sun, 6 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Foo 1994 08:49:37 GMT",
                                      "Sun, 31 Feb 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 24:00:00 GMT",
                                      "Sun, 06 Nov 1994 08:60:00 GMT",
                                      "Sun, 06 Nov 1994 08-49-37 GMT",
                                      "Sun, -6 Nov 1994 08:49:37 GMT",
                                      "Sunday, 06-Nov-94 08:49:37 GMT",
                                      "Sun Nov  6 08:49:37 1994"}) {
    check_unread(text);
    check_unread("", text);
  }
}

}  // namespace
}  // namespace tallygate
