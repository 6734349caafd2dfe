#include "router/statistics/bernoulli.h"

#include <gtest/gtest.h>

#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "router/statistics/beta.h"

namespace tallygate::router {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(ErrorRateEValue, EqualsTheWorkedValues) {
  const auto check = [](double p0, double n, double s, double expected, double digit) {
    EXPECT_NEAR(log_e_above({s, n}, p0, 1000), expected, digit) << s << " of " << n;
  };
  check(.01, 1000, 10, -0.88974841, 5e-9);
  check(.01, 1000, 20, 3.0474610, 5e-8);
  check(.01, 1000, 25, 6.6583722, 5e-8);
  check(.01, 1000, 30, 11.251223, 5e-7);
  check(.01, 200, 8, 3.4706513, 5e-8);
  check(.05, 1000, 60, 0.45957712, 5e-9);
  check(.05, 1000, 80, 6.6964193, 5e-8);
  check(.05, 1000, 90, 11.697315, 5e-7);
  EXPECT_NEAR(std::exp(log_e_above({20, 1000}, .01)), 21.06, 5e-3);
}

TEST(ErrorRateEValue, StopsAtTheWorkedCounts) {
  const auto check = [](double n, int expected) {
    int s = 0;
    while (std::exp(log_e_above({static_cast<double>(s), n}, .01)) < 20) ++s;
    EXPECT_EQ(s, expected) << n;
  };
  check(100, 6);
  check(200, 8);
  check(500, 13);
  check(1000, 20);
  check(2000, 34);
  check(5000, 72);
  check(10000, 131);
}

TEST(ErrorRateEValue, StartsAtOneAndRisesWithEveryError) {
  EXPECT_EQ(log_e_above({0, 0}, .01), 0);
  for (const double p0 : {1e-6, .01, .5, .99}) {
    for (const double n : {1., 50., 5000.}) {
      double before = -std::numeric_limits<double>::infinity();
      for (int tenth = 0; tenth <= 10; ++tenth) {
        const double now = log_e_above({std::round(n * tenth / 10), n}, p0);
        EXPECT_GE(now, before) << p0 << ' ' << n << ' ' << tenth;
        before = now;
      }
    }
  }
}

/// E is a mean over futures: one more outcome at exactly max_rate must not raise it on average.
TEST(ErrorRateEValue, IsASupermartingaleAtTheLimit) {
  for (const double p0 : {1e-4, .01, .3, .9}) {
    for (const double n : {0., 7., 100., 4000., 1e6}) {
      for (const double share : {0., .5, 1., 2., 5.}) {
        const double s = std::min(n, std::floor(n * p0 * share));
        const double now = log_e_above({s, n}, p0);
        const double after = p0 * std::exp(log_e_above({s + 1, n + 1}, p0) - now) +
                             (1 - p0) * std::exp(log_e_above({s, n + 1}, p0) - now);
        EXPECT_LE(after, 1 + 1e-7) << "p0 " << p0 << ' ' << s << " of " << n;
      }
    }
  }
}

TEST(ErrorRateEValue, IsFiniteAtEveryExtreme) {
  for (const double p0 : {-1., 0., 1e-300, 1e-9, .01, .5, 1 - 1e-9, 1., 2., kNan}) {
    for (const double n : {-1., 0., 1., 1e3, 1e6, 1e9, 1e12, 1e300, kNan}) {
      for (const double s : {-1., 0., 1., n * .01, n * .011, n * .5, n - 1, n, n + 1, kNan}) {
        for (const double planned : {0., 1000., 1e12}) {
          EXPECT_TRUE(std::isfinite(log_e_above({s, n}, p0, planned)))
              << p0 << ' ' << s << " of " << n << ' ' << planned;
          EXPECT_TRUE(std::isfinite(log_e_differs({s, n}, p0, planned)))
              << p0 << ' ' << s << " of " << n << ' ' << planned;
        }
      }
    }
  }
}

TEST(ErrorRateEValue, JudgesALimitOfNothing) {
  EXPECT_GT(log_e_above({1, 10}, 0), std::log(100)) << "one error breaks a limit of zero";
  EXPECT_LE(log_e_above({0, 1e6}, 0), 0);
  EXPECT_LE(log_e_above({1e6, 1e6}, 1), std::log(100)) << "a limit of one cannot be broken";
}

TEST(BetaTail, EqualsBoostWhereBoostHasAValue) {
  std::mt19937_64 dice(20260115);
  std::uniform_real_distribution<double> exponent(-3, 5);
  std::uniform_real_distribution<double> spread(-6, 6);
  for (int i = 0; i < 2000; ++i) {
    const BetaShape shape{std::pow(10, exponent(dice)), std::pow(10, exponent(dice))};
    const double total = shape.a + shape.b;
    const double mean = shape.a / total;
    const double p = mean + spread(dice) * std::sqrt(mean * (1 - mean) / (total + 1));
    if (!(p > 0 && p < 1)) continue;
    const double boost = boost::math::ibetac(shape.a, shape.b, p);
    if (boost < 1e-290) continue;
    EXPECT_NEAR(std::exp(log_upper_tail(shape, p) - std::log(boost)), 1, 1e-8)
        << shape.a << ' ' << shape.b << ' ' << p;
  }
}

TEST(BetaTail, HasNoSeamWhereTheSaddlePointTakesOver) {
  for (const double rate : {.01, .3, .5}) {
    for (const double deviations :
         {-50., -5., -1., -1e-4, 0., 1e-4, 1., 5., 20., 36.9, 37.1, 90.}) {
      const auto tail = [&](double smaller) {
        const double total = smaller / rate;
        const double p = rate + deviations * std::sqrt(rate * (1 - rate) / total);
        return log_upper_tail({smaller, total - smaller}, p);
      };
      const double before = tail(1e6 * (1 - 1e-9));
      EXPECT_NEAR(tail(1e6 * (1 + 1e-9)), before, 2e-6 - 1e-8 * before)
          << rate << ' ' << deviations;
    }
  }
}

TEST(RateConfidenceSequence, EqualsTheWorkedValue) {
  const auto [lower, upper] = rate_confidence_sequence({700, 1000}, .05, 100);
  EXPECT_EQ(std::floor(lower * 1e6), 651629);  // the reference cuts off, it does not round
  EXPECT_EQ(std::floor(upper * 1e6), 745949);
}

TEST(RateConfidenceSequence, CertifiesAtThePlannedCounts) {
  const auto check = [](double p0, double share, double n) {
    const double errors = std::round(n * p0 * share);
    EXPECT_LE(rate_confidence_sequence({errors, n}).upper, p0 * 1.001) << n;
    EXPECT_GT(rate_confidence_sequence({errors, n * .98}).upper, p0) << n;
  };
  check(.01, .25, 1443);
  check(.01, .50, 2862);
  check(.01, .80, 22300);
  check(.05, .25, 459);
  check(.05, .50, 800);
  check(.05, .80, 4037);
}

TEST(RateConfidenceSequence, HoldsTheObservedRateAtEveryExtreme) {
  for (const double n : {0., 1., 10., 1e6, 1e12}) {
    for (const double s : {0., n * 1e-6, n * .5, n}) {
      const auto [lower, upper] = rate_confidence_sequence({s, n});
      ASSERT_LE(0, lower);
      ASSERT_LE(upper, 1);
      ASSERT_LE(lower, upper);
      if (n == 0) continue;
      EXPECT_LE(lower, s / n) << s << " of " << n;
      EXPECT_GE(upper, s / n) << s << " of " << n;
    }
  }
  EXPECT_EQ(rate_confidence_sequence({0, 0}).upper, 1);
  EXPECT_EQ(rate_confidence_sequence({0, 100}).lower, 0);
  EXPECT_EQ(rate_confidence_sequence({100, 100}).upper, 1);
}

TEST(QuantileRanks, EqualTheWorkedValues) {
  const auto check = [](std::uint64_t samples, double level, std::uint64_t lower,
                        std::optional<std::uint64_t> upper) {
    const QuantileRanks ranks = quantile_ranks(samples, level);
    EXPECT_EQ(ranks.lower, lower) << samples;
    EXPECT_EQ(ranks.upper, upper) << samples;
  };
  check(1000, .95, 923, 976);
  check(10'000, .95, 9433, 9565);
  check(100'000, .95, 94775, 95222);
  check(1000, .99, 977, std::nullopt);
  check(10'000, .99, 9868, 9929);
}

TEST(QuantileRanks, AreAbsentForSmallSamplesAndOrderedForLargeOnes) {
  for (const double level : {0., .001, .5, .95, .999, 1.}) {
    EXPECT_FALSE(quantile_ranks(0, level).lower) << level;
    EXPECT_FALSE(quantile_ranks(0, level).upper) << level;
    for (const std::uint64_t samples : {1ULL, 100ULL, 1'000'000ULL, 1'000'000'000'000ULL}) {
      const QuantileRanks ranks = quantile_ranks(samples, level);
      const std::uint64_t lower = ranks.lower.value_or(1);
      const std::uint64_t upper = ranks.upper.value_or(samples);
      EXPECT_TRUE(1 <= lower && lower <= upper && upper <= samples) << samples << ' ' << level;
    }
  }
}

}  // namespace
}  // namespace tallygate::router
