#include "gateway/registry/metrics/metric_calendar.h"

#include <gtest/gtest.h>

#include "gateway/api/shapes/timestamps.h"

namespace tallygate::registry {
namespace {

void check(Period period, std::string_view time, std::string_view expected) {
  const auto begin = start_of(period, *api::parse_rfc3339(time));
  EXPECT_EQ(api::render_rfc3339(begin), api::render_rfc3339(*api::parse_rfc3339(expected)))
      << to_string(period) << " of " << time;
}

TEST(MetricCalendar, FindsWhereAPeriodBegins) {
  check(Period::daily, "2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z");
  check(Period::daily, "2026-11-21T23:59:59.999999Z", "2026-11-21T00:00:00Z");
  check(Period::daily, "2026-11-21T01:00:00+02:00", "2026-11-20T00:00:00Z");
  check(Period::weekly, "2026-11-16T00:00:00Z", "2026-11-16T00:00:00Z");  // a Monday
  check(Period::weekly, "2026-11-22T23:59:59Z", "2026-11-16T00:00:00Z");  // a Sunday
  check(Period::weekly, "2026-01-01T12:00:00Z", "2025-12-29T00:00:00Z");
  check(Period::monthly, "2024-02-29T12:00:00Z", "2024-02-01T00:00:00Z");
  check(Period::monthly, "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z");
  check(Period::one_time, "2026-11-21T08:03:10Z", "2026-11-21T08:03:10Z");
}

TEST(MetricCalendar, ReadsWhatItWrites) {
  for (const Period period : {Period::daily, Period::weekly, Period::monthly, Period::one_time}) {
    EXPECT_EQ(parse_period(to_string(period)), period);
  }
  EXPECT_EQ(parse_period("hourly"), std::nullopt);
  EXPECT_EQ(parse_period(""), std::nullopt);
}

}  // namespace
}  // namespace tallygate::registry
