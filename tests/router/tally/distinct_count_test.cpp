#include "router/tally/distinct_count.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace tallygate::router {
namespace {

TEST(DistinctCount, IsWithinFourStandardErrors) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 dice(seed);
  DistinctCount distinct;
  std::uint64_t count = 0;
  for (std::uint64_t n = 1; n <= 1'000'000; ++n) {
    count += distinct.add(dice());
    if (n != 1'000 && n != 100'000 && n != 1'000'000) continue;
    const double estimate = std::ldexp(static_cast<double>(count), -DistinctCount::kFractionBits);
    EXPECT_NEAR(estimate / static_cast<double>(n), 1, 4 * 0.0065) << n;
  }
}

TEST(DistinctCount, CountsAUnitOnce) {
  DistinctCount distinct;
  EXPECT_EQ(distinct.add(1), std::uint64_t{1} << DistinctCount::kFractionBits);
  for (std::uint64_t unit = 2; unit < 5'000; ++unit) distinct.add(unit);
  for (std::uint64_t unit = 1; unit < 5'000; ++unit) EXPECT_EQ(distinct.add(unit), 0U);
}

TEST(DistinctCount, GoesOnFromItsBytesAsIfNothingHadHappened) {
  std::mt19937_64 dice(1);
  DistinctCount distinct;
  for (int i = 0; i < 50'000; ++i) distinct.add(dice());
  std::string bytes;
  distinct.encode(bytes);
  bytes += "rest";
  std::string_view in = bytes;
  auto again = DistinctCount::decode(in);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(in, "rest");
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t unit = dice();
    ASSERT_EQ(distinct.add(unit), again->add(unit));
  }
  EXPECT_TRUE(*again == distinct);
}

TEST(DistinctCount, RefusesBytesThatAreNoRegisters) {
  std::string bytes(DistinctCount::kRegisters - 1, '\0');
  std::string_view in = bytes;
  EXPECT_EQ(DistinctCount::decode(in).error().message, "distinct count: ends inside its registers");
  bytes += '\x31';
  in = bytes;
  EXPECT_EQ(DistinctCount::decode(in).error().message,
            "distinct count: a register is out of range");
}

}  // namespace
}  // namespace tallygate::router
