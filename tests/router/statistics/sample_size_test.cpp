#include "router/statistics/sample_size.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tallygate::router {
namespace {

TEST(SampleSize, EqualsTheWorkedValues) {
  const auto check = [](double p1, double p2, double expected) {
    EXPECT_EQ(std::round(*sample_size_of_rates(p1, p2)), expected) << p1 << " to " << p2;
    EXPECT_EQ(*sample_size_of_rates(p2, p1), *sample_size_of_rates(p1, p2));
  };
  check(.01, .012, 42693);
  check(.01, .015, 7750);
  check(.02, .03, 3825);
  check(.05, .06, 8158);
}

TEST(SampleSize, OfMeansGrowsWithTheSquareOfTheQuotient) {
  const double base = *sample_size_of_means(4, 1);
  EXPECT_NEAR(base, 2 * 4 * 7.8488797, 1e-5);
  EXPECT_NEAR(*sample_size_of_means(4, -.5), 4 * base, 1e-9);
}

TEST(SampleSize, IsUnknowableWithoutADifference) {
  EXPECT_FALSE(sample_size_of_rates(.1, .1));
  EXPECT_FALSE(sample_size_of_rates(-.1, .1));
  EXPECT_FALSE(sample_size_of_rates(.1, 1.1));
  EXPECT_FALSE(sample_size_of_rates(.1, .2, 0));
  EXPECT_FALSE(sample_size_of_rates(.1, .2, .05, 1));
  EXPECT_FALSE(sample_size_of_means(0, 1));
  EXPECT_FALSE(sample_size_of_means(1, 0));
  EXPECT_FALSE(sample_size_of_means(1, std::numeric_limits<double>::quiet_NaN()));
}

}  // namespace
}  // namespace tallygate::router
