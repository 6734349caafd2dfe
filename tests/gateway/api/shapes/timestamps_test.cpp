#include "gateway/api/shapes/timestamps.h"

#include <gtest/gtest.h>

#include <random>

namespace tallygate::api {
namespace {

using namespace std::chrono_literals;

WallTime at(std::int64_t micros) { return WallTime{std::chrono::microseconds{micros}}; }

void check(std::string_view text, std::optional<std::int64_t> micros) {
  const auto parsed = parse_rfc3339(text);
  ASSERT_EQ(parsed.has_value(), micros.has_value()) << text;
  if (!micros) return;
  EXPECT_EQ(micros_since_epoch(*parsed), *micros) << text;
}

TEST(Timestamps, ReadRfc3339) {
  check("1970-01-01T00:00:00Z", 0);
  check("2026-11-21T08:03:10Z", 1'795'248'190'000'000);
  check("2026-11-21t08:03:10.5z", 1'795'248'190'500'000);
  check("2026-11-21T08:03:10.000250999Z", 1'795'248'190'000'250);
  check("2026-11-21T10:03:10+02:00", 1'795'248'190'000'000);
  check("2026-11-21T02:33:10-05:30", 1'795'248'190'000'000);
  check("2024-02-29T00:00:00Z", 1'709'164'800'000'000);
  check("1970-01-01T01:00:00+01:00", 0);
  check("9999-12-31T23:59:59.999999Z", 253'402'300'799'999'999);
}

TEST(Timestamps, RefuseWhatIsNone) {
  for (const auto* text : {"",
                           "now",
                           "2026-11-21",
                           "2026-11-21T08:03:10",
                           "2026-11-21 08:03:10Z",
                           "2026-13-01T00:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-11-21T24:00:00Z",
                           "2026-11-21T08:60:00Z",
                           "2026-11-21T08:03:61Z",
                           "2026-11-21T08:03:10.Z",
                           "2026-11-21T08:03:10.1234567890Z",
                           "2026-11-21T08:03:10+2:00",
                           "2026-11-21T08:03:10+02:00 ",
                           "1969-12-31T23:59:59Z",
                           "2026-11-21T08:03:10ZZ",
                           "-026-11-21T08:03:10Z",
                           "2026-11-21T08:03:10~02:00",
                           "1970-01-01T00:59:59+01:00",
                           "9999-12-31T23:59:60Z",
                           "9999-12-31T23:00:00-01:00"}) {
    check(text, std::nullopt);
  }
}

TEST(Timestamps, RefuseEveryPrefix) {
  const std::string_view whole = "2026-11-21T08:03:10.25+02:00";
  ASSERT_TRUE(parse_rfc3339(whole));
  for (std::size_t n = 0; n < whole.size(); ++n) check(whole.substr(0, n), std::nullopt);
}

TEST(Timestamps, ReadBackWhatTheyWrite) {
  EXPECT_EQ(render_rfc3339(at(1'795'248'190'000'250)), "2026-11-21T08:03:10.000250Z");
  EXPECT_EQ(render_rfc3339(at(0)), "1970-01-01T00:00:00.000000Z");
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 1'000; ++i) {
    const auto micros = static_cast<std::int64_t>(random() % 253'402'300'799'000'000);
    check(render_rfc3339(at(micros)), micros);
  }
}

TEST(Timestamps, TakeAnAgeForAMoment) {
  const WallTime now = at(1'795'248'190'000'000);
  EXPECT_EQ(parse_moment("1h", now), now - 1h);
  EXPECT_EQ(parse_moment("90s", now), now - 90s);
  EXPECT_EQ(parse_moment("2026-11-21T08:03:10Z", at(0)), now);
  EXPECT_EQ(parse_moment("100000d", now), at(0));
  EXPECT_EQ(parse_moment("9223372036854775807ms", now), at(0));
  EXPECT_EQ(parse_moment("1", now), std::nullopt);
  EXPECT_EQ(parse_moment("-1h", now), std::nullopt);
}

}  // namespace
}  // namespace tallygate::api
