#include "router/statistics/srm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tallygate::router {
namespace {

double p_of(const std::vector<ArmUsers>& arms) { return srm_p(log_srm_bayes_factor(arms)); }

TEST(SampleRatioMismatch, EqualsTheWorkedValues) {
  const auto check = [](const std::vector<ArmUsers>& arms, double expected, double digit) {
    EXPECT_NEAR(p_of(arms), expected, digit);
  };
  check({{1000, .5}, {1200, .5}}, .00256582, 5e-9);
  check({{500, .34}, {500, .33}, {600, .33}}, .0421327, 5e-8);
  check({{5000, .5}, {5300, .5}}, .127984, 5e-7);
  check({{50'000, .5}, {50'800, .5}}, .335722, 5e-7);
  check({{500'000, .5}, {505'000, .5}}, 7.00361e-5, 5e-11);
}

TEST(SampleRatioMismatch, NormalisesShares) {
  EXPECT_DOUBLE_EQ(p_of({{1000, 50}, {1200, 50}}), p_of({{1000, .5}, {1200, .5}}));
}

TEST(SampleRatioMismatch, IsSilentWithoutUsersOrShares) {
  EXPECT_EQ(p_of({}), 1);
  EXPECT_EQ(p_of({{0, .5}, {0, .5}}), 1);
  EXPECT_EQ(p_of({{10, 0}, {10, 0}}), 1);
  EXPECT_GT(p_of({{1, .5}, {0, .5}}), .9);
}

TEST(SampleRatioMismatch, IsCertainWhenAnArmWithoutShareHasUsers) {
  EXPECT_EQ(p_of({{100, 1}, {1, 0}}), 0);
  EXPECT_EQ(p_of({{100, 1}, {0, 0}}), 1);
}

TEST(SampleRatioMismatch, IsFiniteAtEveryExtreme) {
  for (const double users : {0., 1., 1e6, 1e12}) {
    for (const double share : {1e-300, 1e-9, .5, 1.}) {
      const double log_factor =
          log_srm_bayes_factor(std::vector<ArmUsers>{{users, share}, {1e12, 1}});
      EXPECT_TRUE(std::isfinite(log_factor)) << users << ' ' << share;
    }
  }
}

}  // namespace
}  // namespace tallygate::router
