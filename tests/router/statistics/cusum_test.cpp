#include "router/statistics/cusum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tallygate::router {
namespace {

TEST(Cusum, EqualsTheWorkedFlushes) {
  double log_statistic = -std::numeric_limits<double>::infinity();
  const auto check = [&](double errors, double expected, double digit) {
    log_statistic = after_flush(log_statistic, errors, 100, .01, .05);
    EXPECT_NEAR(std::exp(log_statistic), expected, digit);
  };
  check(1, .08428, 5e-6);
  check(0, .016175, 5e-7);
  check(3, 2.288157, 5e-7);
  check(6, 740.65589, 5e-6);
  check(5, 46011.407, 5e-4);
}

TEST(Cusum, AlarmsAfterThePlannedDelay) {
  const auto check = [](double healthy, double risen, double alpha, double expected) {
    const double per_request =
        after_flush(0, risen * 1000, 1000, healthy, risen) / 1000;  // KL per request
    EXPECT_NEAR(-std::log(alpha) / per_request, expected, 1);
  };
  check(.01, .05, .05, 72);
  check(.01, .05, 1e-9, 502);
  check(.01, .02, .05, 765);
  check(.01, .02, 1e-9, 5295);
  check(.05, .10, .05, 145);
  check(.05, .10, 1e-9, 1003);
}

TEST(EarlyWarning, NoticesARiseAfterALongHealthyRun) {
  EarlyWarning warning;
  std::uint64_t errors = 0;
  std::uint64_t requests = 0;
  for (int look = 0; look < 10'000; ++look) {
    warning.update_totals(errors += 1, requests += 100, .01);
    ASSERT_FALSE(warning.alarms()) << "look " << look;
  }
  int delay = 0;
  for (; !warning.alarms() && delay < 20; ++delay) {
    warning.update_totals(errors += 5, requests += 100, .01);
  }
  EXPECT_NEAR(delay, 6, 1);
}

TEST(EarlyWarning, IsSilentBeforeDataAndAfterARecount) {
  EarlyWarning warning;
  EXPECT_FALSE(warning.alarms());
  warning.update_totals(0, 0, .01);
  EXPECT_FALSE(warning.alarms());
  warning.update_totals(1, 1000, .01);
  const double before = warning.log_statistic();
  warning.update_totals(0, 500, .01);
  EXPECT_EQ(warning.log_statistic(), before);
  warning.update_totals(50, 600, .01);
  EXPECT_TRUE(warning.alarms());
}

TEST(EarlyWarning, IsNeverNanAtTheExtremes) {
  for (const double rate : {-1., 0., 1e-12, .3, .5, .9, 1., 2.}) {
    for (const double n : {1., 1e6, 1e12}) {
      for (const double s : {0., n / 2, n, 2 * n}) {
        EarlyWarning warning;
        warning.update(s, n, rate);
        warning.update(s, n, rate);
        EXPECT_TRUE(std::isfinite(warning.log_statistic())) << rate << ' ' << s << " of " << n;
      }
    }
  }
}

}  // namespace
}  // namespace tallygate::router
