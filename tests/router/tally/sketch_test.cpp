#include "router/tally/sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>

namespace tallygate::router {
namespace {

/// The reference's formula, in long double.
int index_by_logarithm(double millis, int scale) {
  int exponent = 0;
  if (std::frexp(millis, &exponent) == 0.5) return ((exponent - 1) << scale) - 1;
  const long double steps = std::log2(static_cast<long double>(millis)) * (1 << scale);
  return static_cast<int>(std::ceil(steps)) - 1;
}

TEST(SketchIndex, EqualsTheWorkedValues) {
  const auto check = [](double millis, const std::array<int, 5>& at_scales_3_to_7) {
    for (int scale = 3; scale <= 7; ++scale) {
      EXPECT_EQ(Sketch::bucket_index(millis, scale),
                at_scales_3_to_7[static_cast<std::size_t>(scale - 3)])
          << millis << " ms at scale " << scale;
    }
  };
  check(1.5, {4, 9, 18, 37, 74});
  check(10, {26, 53, 106, 212, 425});
  check(250, {63, 127, 254, 509, 1019});
  check(1000, {79, 159, 318, 637, 1275});
  check(30000, {118, 237, 475, 951, 1903});
}

TEST(SketchIndex, IncludesTheUpperBoundOfPowersOfTwo) {
  for (int scale = 0; scale <= 8; ++scale) {
    for (int exponent = -60; exponent <= 60; ++exponent) {
      const double power = std::ldexp(1.0, exponent);
      const int expected = exponent * (1 << scale) - 1;
      ASSERT_EQ(Sketch::bucket_index(power, scale), expected) << power << " at " << scale;
      ASSERT_EQ(Sketch::bucket_index(std::nextafter(power, 1e300), scale), expected + 1);
    }
  }
}

TEST(SketchIndex, SeparatesTheDoublesAroundEveryBoundary) {
  for (int scale = 0; scale <= 8; ++scale) {
    for (int step = 1; step < (1 << scale); ++step) {
      const long double boundary = std::exp2(static_cast<long double>(step) / (1 << scale));
      auto below = static_cast<double>(boundary);
      if (static_cast<long double>(below) > boundary) below = std::nextafter(below, 0);
      const double above = std::nextafter(below, 2);
      ASSERT_EQ(Sketch::bucket_index(below, scale), step - 1) << step << " at " << scale;
      ASSERT_EQ(Sketch::bucket_index(above, scale), step) << step << " at " << scale;
    }
  }
}

TEST(SketchIndex, EqualsTheFormulaForRandomValues) {
  constexpr std::uint64_t kSeed = 20;
  std::mt19937_64 dice(kSeed);
  std::uniform_real_distribution<double> exponent(-300, 300);
  for (int i = 0; i < 100'000; ++i) {
    const double millis = std::exp2(exponent(dice));
    const int scale = static_cast<int>(dice() % 9);
    ASSERT_EQ(Sketch::bucket_index(millis, scale), index_by_logarithm(millis, scale))
        << millis << " at scale " << scale << ", seed " << kSeed;
  }
}

TEST(SketchIndex, TakesTheExtremesOfDouble) {
  EXPECT_EQ(Sketch::bucket_index(5e-324), -1074 * 32 - 1);
  EXPECT_EQ(Sketch::bucket_index(std::numeric_limits<double>::min()), -1022 * 32 - 1);
  EXPECT_EQ(Sketch::bucket_index(std::numeric_limits<double>::max()), 1024 * 32 - 1);
}

TEST(Sketch, BoundsEveryBucketByTheLargestDoubleInIt) {
  for (int index = Sketch::kFirstIndex; index <= Sketch::kLastIndex; ++index) {
    const double bound = Sketch::upper_bound(index);
    ASSERT_NEAR(bound, std::exp2((index + 1) / 32.0), bound * 1e-15);
    ASSERT_EQ(Sketch::bucket_index(bound), index);
    ASSERT_EQ(Sketch::bucket_index(std::nextafter(bound, 1e300)), index + 1);
  }
}

TEST(Sketch, IsEmptyAtFirst) {
  const Sketch sketch;
  EXPECT_EQ(sketch.count(), 0U);
  EXPECT_EQ(sketch.sum_millis(), 0);
  EXPECT_EQ(sketch.min_millis(), 0);
  EXPECT_EQ(sketch.max_millis(), 0);
  EXPECT_EQ(sketch.quantile(0.5), 0);
  EXPECT_EQ(sketch.count_at_most(1e9), 0U);
  EXPECT_TRUE(sketch.buckets().empty());
}

TEST(Sketch, KeepsZerosApartAndWithoutBuckets) {
  Sketch sketch;
  sketch.insert_micros(0);
  EXPECT_EQ(sketch.zero_count(), 1U);
  EXPECT_TRUE(sketch.buckets().empty());
  EXPECT_EQ(sketch.quantile(1), 0);
  EXPECT_EQ(sketch.count_at_most(0), 1U);
  EXPECT_EQ(sketch.count_at_most(-1), 0U);
}

TEST(Sketch, PutsValuesIntoTheirBucketsAndClampsTheEnds) {
  const auto check = [](std::uint64_t micros, int index) {
    Sketch sketch;
    sketch.insert_micros(micros);
    ASSERT_EQ(sketch.buckets().size(), Sketch::kBucketCount);
    EXPECT_EQ(sketch.buckets()[static_cast<std::size_t>(index - Sketch::kFirstIndex)], 1U)
        << micros;
  };
  check(1, -33);
  check(500, -33);
  check(501, -32);
  check(1000, -1);
  check(1001, 0);
  check(250'000, 254);
  check(3'600'000'000, 696);
  check(4'194'304'000, 703);
  check(4'194'304'001, 703);
  check(UINT64_MAX, 703);
}

TEST(Sketch, SumsAndRangesExactly) {
  Sketch sketch;
  for (const std::uint64_t micros : {1500, 250, 99'000}) sketch.insert_micros(micros);
  EXPECT_EQ(sketch.count(), 3U);
  EXPECT_DOUBLE_EQ(sketch.sum_millis(), 100.75);
  EXPECT_DOUBLE_EQ(sketch.min_millis(), 0.25);
  EXPECT_DOUBLE_EQ(sketch.max_millis(), 99);
}

TEST(Sketch, AnswersQuantilesWithinItsError) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 dice(seed);
    std::lognormal_distribution<double> latency(12, 1.5);  // microseconds, median 163 ms
    std::vector<double> millis;
    Sketch sketch;
    for (std::uint64_t i = 0; i < 1 + 250 * seed; ++i) {
      const auto micros = static_cast<std::uint64_t>(std::clamp(latency(dice), 500.0, 4e9));
      sketch.insert_micros(micros);
      millis.push_back(static_cast<double>(micros) / 1000);
    }
    std::sort(millis.begin(), millis.end());
    for (const double q : {0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
      const double rank = std::max(1.0, std::ceil(q * static_cast<double>(millis.size()) - 1e-9));
      const double truth = millis[static_cast<std::size_t>(rank) - 1];
      ASSERT_NEAR(sketch.quantile(q), truth, truth * 0.01083) << q << ", seed " << seed;
    }
  }
}

TEST(Sketch, TakesTheNearestRankDespiteRounding) {
  Sketch sketch;
  for (int i = 0; i < 7; ++i) sketch.insert_micros(1000);
  for (int i = 0; i < 93; ++i) sketch.insert_micros(900'000);
  EXPECT_NEAR(sketch.quantile(0.07), 1, 0.011);
  EXPECT_NEAR(sketch.quantile(0.0701), 900, 9.8);
}

TEST(Sketch, ClampsQuantilesToWhatWasSeen) {
  Sketch sketch;
  sketch.insert_micros(1'000'000);
  EXPECT_EQ(sketch.quantile(0), 1000);
  EXPECT_EQ(sketch.quantile(1), 1000);
}

TEST(Sketch, CountsWholeBucketsAtMostABound) {
  Sketch sketch;
  for (const std::uint64_t micros : {0, 400, 1000, 1001, 2000, 2001}) sketch.insert_micros(micros);
  const auto check = [&](double millis, std::uint64_t expected) {
    EXPECT_EQ(sketch.count_at_most(millis), expected) << millis;
  };
  check(0, 1);
  check(0.49, 1);
  check(0.5, 2);
  check(0.99, 2);
  check(1, 3);
  check(1.5, 4);
  check(2, 5);
  check(2.001, 6);  // the maximum
  check(1e300, 6);
}

TEST(Sketch, CountsTheOpenEndOnlyAtTheMaximum) {
  Sketch sketch;
  sketch.insert_micros(9'000'000'000);
  EXPECT_EQ(sketch.count_at_most(8'999'999), 0U);
  EXPECT_EQ(sketch.count_at_most(9'000'000), 1U);
}

}  // namespace
}  // namespace tallygate::router
