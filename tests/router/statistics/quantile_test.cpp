#include "router/statistics/quantile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace tallygate::router {
namespace {

Sketch lognormal(std::mt19937_64& dice, int count, double median_millis) {
  std::lognormal_distribution<double> latency(std::log(median_millis * 1000), .6);
  Sketch sketch;
  for (int i = 0; i < count; ++i) sketch.insert_micros(static_cast<std::uint64_t>(latency(dice)));
  return sketch;
}

Sketch all_at(std::uint64_t micros, int count) {
  Sketch sketch;
  for (int i = 0; i < count; ++i) sketch.insert_micros(micros);
  return sketch;
}

TEST(QuantileInterval, EnclosesTheOrderStatisticsWithinOneBucket) {
  Sketch sketch;
  for (std::uint64_t i = 1; i <= 10'000; ++i) sketch.insert_micros(i * 1000);  // rank i is i ms
  const QuantileInterval interval = quantile_confidence_sequence(sketch, .95);
  EXPECT_NEAR(interval.value, 9500, 9500 * .011);
  EXPECT_LE(interval.lower, 9433);
  EXPECT_GE(interval.lower, 9433 / 1.022);
  ASSERT_TRUE(interval.upper);
  EXPECT_GE(*interval.upper, 9565);
  EXPECT_LE(*interval.upper, 9565 * 1.022);
}

TEST(QuantileInterval, HasNoUpperBoundForASmallSample) {
  const QuantileInterval interval = quantile_confidence_sequence(all_at(5000, 50), .99);
  EXPECT_FALSE(interval.upper);
  EXPECT_EQ(interval.lower, 5);
}

TEST(QuantileInterval, AnswersForEmptyAndZeroSketches) {
  EXPECT_EQ(quantile_confidence_sequence(Sketch{}, .95).value, 0);
  EXPECT_FALSE(quantile_confidence_sequence(Sketch{}, .95).upper);
  const QuantileInterval zeros = quantile_confidence_sequence(all_at(0, 10'000), .95);
  EXPECT_EQ(zeros.lower, 0);
  EXPECT_EQ(zeros.upper, 0);
}

TEST(QuantileDifference, IsSilentForEqualArmsAndLoudForDifferentOnes) {
  std::mt19937_64 dice(7);
  const Sketch a = lognormal(dice, 4000, 300);
  EXPECT_EQ(quantile_difference_p(a, lognormal(dice, 4000, 300), .95), 1);
  EXPECT_LT(quantile_difference_p(a, lognormal(dice, 4000, 450), .95), 1e-6);
  EXPECT_LT(quantile_difference_p(a, all_at(0, 4000), .5), 1e-6);
}

TEST(QuantileDifference, IsOneWithoutDataAndWithinOneBucket) {
  EXPECT_EQ(quantile_difference_p(Sketch{}, Sketch{}, .95), 1);
  EXPECT_EQ(quantile_difference_p(all_at(5000, 100), Sketch{}, .95), 1);
  EXPECT_EQ(quantile_difference_p(all_at(5000, 9000), all_at(5001, 9000), .95), 1)
      << "the sketch cannot tell these apart";
  EXPECT_LT(quantile_difference_p(all_at(5000, 9000), all_at(6000, 9000), .95), 1e-6);
}

TEST(QuantileDifference, HoldsForAllLevels) {
  const Sketch a = all_at(5000, 100);
  const Sketch b = all_at(9000, 100);
  for (const double level : {0., 1e-9, .5, 1 - 1e-9, 1.}) {
    const double p = quantile_difference_p(a, b, level);
    EXPECT_TRUE(p >= 0 && p <= 1) << level << ' ' << p;
  }
}

/// Seeded: the interval is looked at after every 200 of 4,000 values and must hold the true p95.
TEST(QuantileInterval, HoldsTheTruthAtEveryLook) {
  constexpr int kRuns = 200;
  const double truth = 300 * std::exp(.6 * 1.6448536);
  std::mt19937_64 dice(20260116);
  int wrong = 0;
  for (int run = 0; run < kRuns; ++run) {
    Sketch sketch;
    bool missed = false;
    for (int look = 0; look < 20; ++look) {
      sketch.merge(lognormal(dice, 200, 300));
      const QuantileInterval interval = quantile_confidence_sequence(sketch, .95);
      missed |= interval.lower > truth || (interval.upper && *interval.upper < truth);
    }
    wrong += missed;
  }
  EXPECT_LE(wrong, kRuns / 20) << "seed 20260116";
}

}  // namespace
}  // namespace tallygate::router
