#include "gateway/exchange/attempt/backlog.h"

#include <gtest/gtest.h>

#include <random>

namespace tallygate {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart = SteadyTime{} + 1h;
constexpr std::size_t kKiB = 1024;

TEST(Backlog, PausesAt64KiBAndResumesAtHalf) {
  struct Step {
    std::size_t queued;
    bool paused;
  };
  const auto check = [](std::initializer_list<Step> steps) {
    Backlog backlog;
    std::string trace;
    for (const Step& step : steps) {
      backlog.note(step.queued, 0, kStart);
      trace += ' ' + std::to_string(step.queued);
      EXPECT_EQ(backlog.pauses_upstream(), step.paused) << trace;
    }
  };
  check({{0, false}, {1, false}, {64 * kKiB - 1, false}, {64 * kKiB, true}});
  check({{64 * kKiB, true}, {64 * kKiB - 1, true}, {32 * kKiB + 1, true}, {32 * kKiB, false}});
  check({{1 << 20, true}, {32 * kKiB, false}, {64 * kKiB - 1, false}, {64 * kKiB, true}});
  check({{100 * kKiB, true}, {0, false}, {33 * kKiB, false}});
}

TEST(Backlog, GivesUpWhoTakesNothing) {
  Backlog backlog;
  EXPECT_EQ(backlog.given_up_at(60s), SteadyTime::max()) << "nothing waits";
  backlog.note(10, 500, kStart);
  EXPECT_EQ(backlog.given_up_at(60s), kStart + 60s);
  backlog.note(20, 500, kStart + 10s);
  EXPECT_EQ(backlog.given_up_at(60s), kStart + 60s) << "more has come, nothing has gone";
  backlog.note(19, 501, kStart + 50s);
  EXPECT_EQ(backlog.given_up_at(60s), kStart + 110s) << "one byte is progress";
  backlog.note(19, 501, kStart + 109s);
  EXPECT_EQ(backlog.given_up_at(60s), kStart + 110s);
  backlog.note(0, 520, kStart + 109s);
  EXPECT_EQ(backlog.given_up_at(60s), SteadyTime::max());
  backlog.note(5, 520, kStart + 300s);
  EXPECT_EQ(backlog.given_up_at(60s), kStart + 360s) << "the wait begins with the queue";
  EXPECT_EQ(backlog.given_up_at(0s), SteadyTime::max()) << "switched off";
}

TEST(Backlog, KnowsWhetherItHeldTheUpstreamUp) {
  Backlog backlog;
  backlog.note(64 * kKiB, 0, kStart);
  backlog.note(64 * kKiB, 0, kStart + 900ms);
  EXPECT_FALSE(backlog.held_upstream_up());
  backlog.note(0, 64 * kKiB, kStart + 999ms);
  backlog.note(64 * kKiB, 64 * kKiB, kStart + 5s);
  EXPECT_FALSE(backlog.held_upstream_up()) << "two short pauses are no long one";
  backlog.note(0, 128 * kKiB, kStart + 6s);
  EXPECT_TRUE(backlog.held_upstream_up());
}

TEST(Backlog, StaysBelowItsMarkAndOneReadWhateverComes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  constexpr std::size_t kRead = 64 * kKiB;
  Backlog backlog;
  std::size_t queued = 0;
  std::uint64_t sent = 0;
  for (int step = 0; step < 10'000; ++step) {
    if (!backlog.pauses_upstream()) queued += dice() % (kRead + 1);
    const std::size_t taken = dice() % (queued + 1);
    queued -= taken;
    sent += taken;
    backlog.note(queued, sent, kStart);
    ASSERT_LT(queued, Backlog::kPause + kRead) << step;
    ASSERT_TRUE(backlog.pauses_upstream() || queued < Backlog::kPause) << step;
    ASSERT_TRUE(!backlog.pauses_upstream() || queued > Backlog::kResume) << step;
  }
}

}  // namespace
}  // namespace tallygate
