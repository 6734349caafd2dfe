#include "router/statistics/effect.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace tallygate::router {
namespace {

TEST(Mixture, EqualsTheWorkedMsprtValues) {
  const Mean first{.02, std::sqrt(.02 / 1000)};
  EXPECT_NEAR(std::exp(log_mixture_e(first, msprt_k(1000, .02, 1e-4))), 1698.4199, 5e-5);
  const Mean second{.01, std::sqrt(.0198 / 2000)};
  const double k = msprt_k(2000, .0198, 1e-4);
  EXPECT_NEAR(std::exp(log_mixture_e(second, k)), 29.726174, 5e-7);
  EXPECT_NEAR(mixture_half_width(second.standard_error, k, .05), .009559107, 5e-10);
}

TEST(Mixture, CostsWhatPeekingIsSaidToCost) {
  const double width = mixture_half_width(1, mixture_k(kMixtureUnits)) / 1.959964;
  EXPECT_NEAR(width, 1.55, .005);
  EXPECT_NEAR(width * width, 2.40, .01);
}

TEST(Mixture, GivesTheIntervalThatItsTestDoes) {
  for (const double k : {.01, 1., 7.9, 1000.}) {
    for (const double alpha : {.05, .001}) {
      const double width = mixture_half_width(3, k, alpha);
      EXPECT_NEAR(mixture_p({width, 3}, k), alpha, alpha * 1e-9);
      EXPECT_LT(mixture_one_sided_width(3, k, alpha), width) << k << ' ' << alpha;
    }
  }
}

TEST(Mixture, SaysNothingWithoutData) {
  EXPECT_EQ(log_mixture_e({1, 0}, 5), 0);
  EXPECT_EQ(mixture_p({0, 1}, 0), 1);
  EXPECT_EQ(msprt_k(10, 0, 1), 0);
  EXPECT_EQ(mixture_k(-5), 0);
  EXPECT_EQ(mixture_half_width(0, 0), 0);
  EXPECT_TRUE(std::isinf(mixture_half_width(1, 0)));
  EXPECT_TRUE(std::isfinite(mixture_half_width(1, mixture_k(1e12))));
}

TEST(ClusterMean, EqualsTheWorkedValue) {
  const std::array<SubBucket, 4> buckets{{{100, 120}, {80, 95}, {120, 143}, {75, 88}}};
  const auto mean = cluster_mean(buckets);
  ASSERT_TRUE(mean);
  EXPECT_NEAR(mean->value, 1.1893333, 5e-8);
  EXPECT_NEAR(mean->standard_error, .0050387, 5e-8);
}

TEST(ClusterMean, CountsOnlyGroupsThatHoldAnything) {
  const std::vector<SubBucket> full{{100, 120}, {80, 95}};
  std::vector<SubBucket> padded(kSubBucketCount);
  padded[7] = full[0];
  padded[60] = full[1];
  EXPECT_EQ(cluster_mean(padded)->standard_error, cluster_mean(full)->standard_error);
  EXPECT_FALSE(cluster_mean(std::vector<SubBucket>(kSubBucketCount)));
  EXPECT_FALSE(cluster_mean(std::vector<SubBucket>{{5, 1}, {0, 0}})) << "one group has no spread";
}

TEST(RelativeLift, FollowsTheDeltaMethod) {
  const auto lift = relative_lift({200, 4}, {180, 3});
  ASSERT_TRUE(lift);
  EXPECT_DOUBLE_EQ(lift->value, -.1);
  const double variance = 9. / 40000 + 16. * 180 * 180 / 1.6e9;
  EXPECT_NEAR(lift->standard_error, std::sqrt(variance), 1e-15);
  EXPECT_DOUBLE_EQ(relative_lift({-200, 4}, {-180, 3})->value, .1) << "less negative is more";
}

TEST(RelativeLift, IsAbsentWhereControlMayBeZero) {
  EXPECT_FALSE(relative_lift({0, 0}, {1, 1}));
  EXPECT_FALSE(relative_lift({.002, .001}, {.001, .001}));
  EXPECT_TRUE(relative_lift({.004, .001}, {0, .001}));
}

TEST(Strata, DoNotPoolAcrossASplitChange) {
  // Simpson: b is slower by 10 in both epochs, but got most of the fast epoch's traffic.
  const std::array<Stratum, 2> a{{{{100, 1}, .5}, {{300, 1}, .5}}};
  const std::array<Stratum, 2> b{{{{110, 1}, .5}, {{310, 1}, .5}}};
  const Mean difference = difference_of(*combine_strata(a), *combine_strata(b));
  EXPECT_DOUBLE_EQ(difference.value, 10);
  EXPECT_DOUBLE_EQ(difference.standard_error, 1);
  EXPECT_FALSE(combine_strata({}));
  EXPECT_FALSE(combine_strata(std::array<Stratum, 1>{{{{1, 1}, 0}}}));
}

}  // namespace
}  // namespace tallygate::router
