#include "gateway/exchange/attempt/pace_meter.h"

#include <gtest/gtest.h>

namespace tallygate {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart = SteadyTime{} + 1h;

TEST(PaceMeter, JudgesTheMeanOfAWindow) {
  const auto check = [](std::size_t bytes, SteadyTime::duration took, bool expected) {
    PaceMeter pace;
    pace.begin(kStart);
    pace.add(bytes);
    EXPECT_EQ(pace.is_too_slow(kStart + took, 100), expected) << bytes << ' ' << took.count();
  };
  check(0, 9999ms, false);
  check(0, 10s, true);
  check(999, 10s, true);
  check(1000, 10s, false);
  check(1000, 10100ms, true);
  check(5000, 20s, false);
}

TEST(PaceMeter, ForgivesNothingAndCarriesNothingOver) {
  PaceMeter pace;
  pace.begin(kStart);
  pace.add(1'000'000);
  EXPECT_FALSE(pace.is_too_slow(kStart + 10s, 100));
  EXPECT_EQ(pace.next_look(), kStart + 20s);
  EXPECT_TRUE(pace.is_too_slow(kStart + 20s, 100)) << "the first window's plenty is spent";
}

}  // namespace
}  // namespace tallygate
