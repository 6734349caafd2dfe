#include "gateway/exchange/attempt/attempt_log.h"

#include <gtest/gtest.h>

namespace tallygate {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart = SteadyTime{} + 1h;

TEST(AttemptLog, TakesAFewLinesASecondAndCountsTheRest) {
  AttemptLog log;
  for (std::uint32_t i = 0; i < AttemptLog::kLinesPerSecond; ++i) {
    EXPECT_EQ(log.take_line(3, kStart), 0U);
  }
  for (int i = 0; i < 10'000; ++i) EXPECT_EQ(log.take_line(3, kStart + 999ms), std::nullopt);
  EXPECT_EQ(log.take_line(3, kStart + 1s), 10'000U);
  EXPECT_EQ(log.take_line(3, kStart + 1s), 0U);
}

TEST(AttemptLog, DoesNotLetOneTargetSilenceAnother) {
  AttemptLog log;
  while (log.take_line(7, kStart)) {
  }
  EXPECT_EQ(log.take_line(0, kStart), 0U);
  EXPECT_EQ(log.take_line(8, kStart), 0U);
}

}  // namespace
}  // namespace tallygate
