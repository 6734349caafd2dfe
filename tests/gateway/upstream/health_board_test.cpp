#include "gateway/upstream/health_board.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace tallygate {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr SteadyTime kNow = SteadyTime{} + hours{1000};
constexpr router::TargetSlot kSlot = 3;

struct Board {
  HealthBoard board;
  config::Blacklist rules;  // 3 failures, 1 h, doubling, 24 h

  Board() { board.ensure(kSlot); }

  bool fail(SteadyTime began, SteadyTime now) { return board.failed(kSlot, began, now, rules); }
  bool fail(SteadyTime now) { return fail(now, now); }
  void fail_times(int times, SteadyTime now = kNow) {
    for (int i = 0; i < times; ++i) fail(now);
  }
  /// "failures in a row, bench in minutes from kNow", or no bench.
  std::string state() const {
    const router::HealthState state = board.state(kSlot);
    const auto bench = std::chrono::duration_cast<minutes>(state.benched_until - kNow).count();
    return std::to_string(state.failures_in_row) +
           (state.benched_until == SteadyTime{} ? "" : ", " + std::to_string(bench) + " min");
  }
};

TEST(HealthBoard, BenchesAtTheThirdFailureInARow) {
  Board b;
  EXPECT_EQ(b.state(), "0");
  EXPECT_FALSE(b.fail(kNow));
  EXPECT_FALSE(b.fail(kNow));
  EXPECT_EQ(b.state(), "2");
  EXPECT_TRUE(b.fail(kNow));
  EXPECT_EQ(b.state(), "3, 60 min");
}

TEST(HealthBoard, StartsOverAfterASuccess) {
  Board b;
  b.fail_times(2);
  b.board.succeeded(kSlot);
  EXPECT_EQ(b.state(), "0");
  b.fail_times(2);
  EXPECT_EQ(b.state(), "2");
  b.fail_times(1);
  b.board.succeeded(kSlot);
  EXPECT_EQ(b.state(), "0") << "the bench is over, too";
}

TEST(HealthBoard, DoesNotCountAttemptsOlderThanTheBench) {
  Board b;
  b.fail_times(3);
  for (int i = 0; i < 64; ++i) EXPECT_FALSE(b.fail(kNow - minutes{1}, kNow + minutes{1}));
  EXPECT_EQ(b.state(), "3, 60 min");
}

TEST(HealthBoard, DoublesForAttemptsThatBeganOnTheBench) {
  Board b;
  b.fail_times(3);
  EXPECT_TRUE(b.fail(kNow + hours{1}));
  EXPECT_EQ(b.state(), "4, 180 min");
  EXPECT_TRUE(b.fail(kNow + hours{3}));
  EXPECT_EQ(b.state(), "5, 420 min");
}

TEST(HealthBoard, PardonClearsBenchAndFailures) {
  Board b;
  b.fail_times(5);
  b.board.pardon(kSlot);
  EXPECT_EQ(b.state(), "0");
  b.fail_times(2);
  EXPECT_EQ(b.state(), "2");
}

TEST(HealthBoard, BenchesByHandUntilItEndsOrIsPardoned) {
  Board b;
  b.fail_times(2);
  b.board.bench(kSlot, kNow, kNow + minutes{5});
  EXPECT_EQ(b.state(), "0, 5 min");
  EXPECT_TRUE(b.board.is_benched_by_hand(kSlot));
  b.board.succeeded(kSlot);
  EXPECT_EQ(b.state(), "0, 5 min") << "a request that was under way";
  b.fail(kNow + minutes{1});
  b.board.succeeded(kSlot);
  EXPECT_EQ(b.state(), "0, 5 min") << "requests while all were benched";
  b.board.pardon(kSlot);
  EXPECT_EQ(b.state(), "0");
  EXPECT_FALSE(b.board.is_benched_by_hand(kSlot));
}

TEST(HealthBoard, BenchesByItselfWhatWasBenchedByHand) {
  Board b;
  b.board.bench(kSlot, kNow, kNow + minutes{5});
  b.fail_times(3, kNow + minutes{10});
  EXPECT_EQ(b.state(), "3, 70 min");
  EXPECT_FALSE(b.board.is_benched_by_hand(kSlot));
  b.board.succeeded(kSlot);
  EXPECT_EQ(b.state(), "0");
}

TEST(HealthBoard, ShortensABenchByHand) {
  Board b;
  b.fail_times(5);
  b.board.bench(kSlot, kNow, kNow + minutes{1});
  EXPECT_EQ(b.state(), "0, 1 min");
}

TEST(HealthBoard, GoesOnWhereItWasBeforeARestart) {
  Board b;
  b.board.restore(kSlot, {kNow + minutes{30}, 3}, kNow);
  EXPECT_EQ(b.state(), "3, 30 min");
  EXPECT_TRUE(b.fail(kNow + minutes{40}));
  EXPECT_EQ(b.state(), "4, 160 min");
}

TEST(HealthBoard, CountsTheFailuresOfAllThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 250;
  Board b;
  b.rules.failures = kThreads * kEach;
  std::atomic<int> benched{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) benched += b.fail(kNow) ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(benched.load(), 1);
  EXPECT_EQ(b.state(), "1000, 60 min");
}

TEST(HealthBoard, KeepsSlotsApart) {
  Board b;
  b.board.ensure(HealthBoard::kChunk);
  b.fail_times(3);
  b.board.open_connections(kSlot) = 7;
  for (const router::TargetSlot other : {0U, kSlot - 1, kSlot + 1, HealthBoard::kChunk}) {
    EXPECT_EQ(b.board.state(other).failures_in_row, 0U) << other;
    EXPECT_EQ(b.board.open_connections(other).load(), 0U) << other;
  }
}

TEST(HealthBoard, KeepsItsStateWhenSlotsAreAdded) {
  Board b;
  b.fail_times(3);
  auto* const connections = &b.board.open_connections(kSlot);
  for (router::TargetSlot slot = 0; slot < 3 * HealthBoard::kChunk; ++slot) b.board.ensure(slot);
  EXPECT_EQ(b.state(), "3, 60 min");
  EXPECT_EQ(&b.board.open_connections(kSlot), connections);
}

TEST(HealthBoard, ShowsTheRouterItsState) {
  Board b;
  b.fail_times(3);
  const router::HealthView view = b.board.view();
  EXPECT_EQ(view.of(view.board, kSlot).failures_in_row, 3U);
  EXPECT_EQ(view.of(view.board, kSlot).benched_until, kNow + hours{1});
}

}  // namespace
}  // namespace tallygate
