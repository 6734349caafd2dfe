#include "gateway/telemetry/buckets.h"

#include <gtest/gtest.h>

#include <random>

#include "gateway/telemetry/chunk_gaps.h"
#include "gateway/telemetry/histogram.h"

namespace tallygate::telemetry {
namespace {

/// The definition: the first bound that is not below the value.
template <class Bounds>
std::size_t slow_bucket(std::uint64_t value) {
  std::size_t index = 0;
  while (index < Bounds::kBounds.size() && Bounds::kBounds[index] < value) ++index;
  return index;
}

template <class Bounds>
class Buckets : public testing::Test {};
using AllBounds = testing::Types<OperationBounds, FirstTokenBounds, OutputTokenBounds, TokenBounds,
                                 HttpBounds, BodyBounds, OverheadBounds>;
TYPED_TEST_SUITE(Buckets, AllBounds);

TYPED_TEST(Buckets, HaveRisingBounds) {
  const auto& bounds = TypeParam::kBounds;
  EXPECT_EQ(std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>()), bounds.end());
}

TYPED_TEST(Buckets, TakeAValueThatEqualsTheirBound) {
  for (std::size_t i = 0; i < TypeParam::kBounds.size(); ++i) {
    const std::uint64_t bound = TypeParam::kBounds[i];
    EXPECT_EQ(TypeParam::bucket(bound), i) << bound;
    EXPECT_EQ(TypeParam::bucket(bound + 1), i + 1) << bound;
  }
  EXPECT_EQ(TypeParam::bucket(0), 0u);
  EXPECT_EQ(TypeParam::bucket(UINT64_MAX), TypeParam::kBounds.size());
}

TYPED_TEST(Buckets, AgreeWithTheDefinition) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t value = random() >> (random() % 64);
    ASSERT_EQ(TypeParam::bucket(value), slow_bucket<TypeParam>(value)) << value;
  }
}

TEST(Histogram, CountsAndSumsWhatItIsGiven) {
  Histogram<TokenBounds> histogram;
  for (const std::uint64_t tokens : {0, 1, 2, 4, 5, 67'108'864, 67'108'865}) {
    histogram.record(tokens);
  }
  HistogramTotals<TokenBounds> totals;
  histogram.add_to(totals);
  histogram.add_to(totals);
  EXPECT_EQ(totals.counts[0], 4u);
  EXPECT_EQ(totals.counts[1], 4u);
  EXPECT_EQ(totals.counts[2], 2u);
  EXPECT_EQ(totals.counts[13], 2u);
  EXPECT_EQ(totals.counts[14], 2u);
  EXPECT_EQ(totals.count(), 14u);
  EXPECT_EQ(totals.sum, 2u * (12 + 67'108'864u + 67'108'865u));
}

TEST(ChunkGaps, CountABurstAsOneGapAndChunksThatFollowAtOnce) {
  ChunkGaps gaps;
  gaps.add(15'000);
  gaps.add_burst(30'000, 3);
  gaps.add_burst(99'000, 0);
  Histogram<OperationBounds> histogram;
  histogram.merge(gaps.counts, gaps.sum_us);
  HistogramTotals<OperationBounds> totals;
  histogram.add_to(totals);
  EXPECT_EQ(totals.counts[0], 2u);
  EXPECT_EQ(totals.counts[1], 1u);
  EXPECT_EQ(totals.counts[2], 1u);
  EXPECT_EQ(totals.count(), 4u);
  EXPECT_EQ(totals.sum, 45'000u);
}

}  // namespace
}  // namespace tallygate::telemetry
