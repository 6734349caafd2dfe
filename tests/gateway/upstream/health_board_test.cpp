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
  bool succeed(SteadyTime began = kNow) { return board.succeeded(kSlot, began); }
  bool may_enter(SteadyTime now, HealthBoard::Trial& trial) {
    return board.may_enter(kSlot, now, trial);
  }
  bool may_enter(SteadyTime now) {
    HealthBoard::Trial trial;
    return may_enter(now, trial);
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
  EXPECT_FALSE(b.succeed()) << "there was no bench to end";
  EXPECT_EQ(b.state(), "0");
  b.fail_times(2);
  EXPECT_EQ(b.state(), "2");
  b.fail_times(1);
  EXPECT_TRUE(b.succeed()) << "an attempt for want of a better target";
  EXPECT_EQ(b.state(), "0") << "the bench is over, too";
  EXPECT_FALSE(b.succeed());
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
  b.succeed();
  EXPECT_EQ(b.state(), "0, 5 min") << "a request that was under way";
  b.fail(kNow + minutes{1});
  b.succeed();
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
  b.succeed(kNow + minutes{10});
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

TEST(HealthBoard, KeepsABenchThroughTheSuccessOfAnOlderAttempt) {
  Board b;
  b.fail_times(3);
  EXPECT_FALSE(b.succeed(kNow - minutes{1})) << "a stream from before the target died";
  EXPECT_EQ(b.state(), "3, 60 min");
}

TEST(HealthBoard, LetsOneRequestAtATimeTryARecoveringTarget) {
  Board b;
  EXPECT_TRUE(b.may_enter(kNow));
  b.fail_times(3);
  EXPECT_FALSE(b.may_enter(kNow));
  EXPECT_FALSE(b.may_enter(kNow + hours{1} - minutes{1}));
  {
    HealthBoard::Trial trial;
    EXPECT_TRUE(b.may_enter(kNow + hours{1}, trial));
    EXPECT_TRUE(static_cast<bool>(trial));
    EXPECT_TRUE(b.board.state(kSlot).on_trial);
    EXPECT_FALSE(b.may_enter(kNow + hours{1})) << "somebody is at it";
  }
  EXPECT_TRUE(b.may_enter(kNow + hours{1})) << "given back without a verdict";
  EXPECT_FALSE(b.board.state(kSlot).on_trial);
  EXPECT_TRUE(b.succeed(kNow + hours{1}));
  HealthBoard::Trial first;
  HealthBoard::Trial second;
  EXPECT_TRUE(b.may_enter(kNow + hours{1}, first));
  EXPECT_TRUE(b.may_enter(kNow + hours{1}, second)) << "it is open to all again";
  EXPECT_FALSE(static_cast<bool>(first) || static_cast<bool>(second));
}

TEST(HealthBoard, EndsATrialWhenItsOwnerTakesAnother) {
  Board b;
  b.board.ensure(0);
  for (int i = 0; i < 3; ++i) b.board.failed(0, kNow, kNow, b.rules);
  b.fail_times(3);
  const SteadyTime later = kNow + hours{2};
  HealthBoard::Trial trial;
  ASSERT_TRUE(b.board.may_enter(0, later, trial));
  ASSERT_TRUE(b.may_enter(later, trial));
  EXPECT_FALSE(b.board.state(0).on_trial);
  EXPECT_TRUE(b.board.state(kSlot).on_trial);
}

TEST(HealthBoard, OpensToAllWhenABenchByHandIsOver) {
  Board b;
  b.fail_times(2);
  b.board.bench(kSlot, kNow, kNow + minutes{5});
  HealthBoard::Trial trial;
  EXPECT_TRUE(b.may_enter(kNow + minutes{5}, trial));
  EXPECT_FALSE(static_cast<bool>(trial));
  b.fail(kNow + minutes{6});
  EXPECT_TRUE(b.may_enter(kNow + minutes{6}, trial));
  EXPECT_FALSE(static_cast<bool>(trial)) << "one failure makes no bench of it";
}

TEST(HealthBoard, LeavesABenchByHandAloneWhateverFails) {
  Board b;
  b.board.bench(kSlot, kNow, kNow + minutes{5});
  b.fail_times(9, kNow + minutes{1});
  EXPECT_EQ(b.state(), "0, 5 min");
  EXPECT_TRUE(b.board.is_benched_by_hand(kSlot));
}

TEST(HealthBoard, GivesATrialToOneThreadOnly) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 2000;
  Board b;
  b.fail_times(3);
  const SteadyTime later = kNow + hours{1};
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> trials{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kRounds; ++n) {
        HealthBoard::Trial trial;
        if (!b.may_enter(later, trial)) continue;
        const int now_inside = ++inside;
        int seen = most.load();
        while (seen < now_inside && !most.compare_exchange_weak(seen, now_inside)) {
        }
        ++trials;
        --inside;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(most.load(), 1);
  EXPECT_GT(trials.load(), 0);
  EXPECT_TRUE(b.may_enter(later)) << "every trial was given back";
}

TEST(HealthBoard, NeverLetsASecondThreadInAfterATrialFailed) {
  constexpr int kThreads = 8;
  Board b;
  b.fail_times(3);
  const SteadyTime later = kNow + hours{1};
  std::atomic<int> trials{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 500; ++n) {
        HealthBoard::Trial trial;
        if (!b.may_enter(later, trial)) continue;
        ++trials;
        b.fail(later);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(trials.load(), 1) << "the trial that failed benched it again";
  EXPECT_EQ(b.state(), "4, 180 min");
}

TEST(HealthBoard, PassesOverATargetThatCoolsDown) {
  Board b;
  b.board.cool_down(kSlot, kNow + minutes{1});
  EXPECT_FALSE(b.may_enter(kNow));
  EXPECT_TRUE(b.may_enter(kNow + minutes{1}));
  b.board.cool_down(kSlot, kNow + minutes{3});
  b.board.cool_down(kSlot, kNow + minutes{2});
  EXPECT_FALSE(b.may_enter(kNow + minutes{2})) << "the longest wish counts";
  EXPECT_EQ(b.state(), "0") << "and is no failure";
  b.succeed();
  EXPECT_FALSE(b.may_enter(kNow)) << "a request that was under way";
  b.board.pardon(kSlot);
  EXPECT_TRUE(b.may_enter(kNow));
}

TEST(HealthBoard, TellsOfEachBenchAndOfNoFailureDuringOne) {
  Board b;
  b.fail_times(3);
  SteadyTime now = kNow;
  for (const int hours_of_bench : {1, 2, 4, 8, 16, 24, 24}) {
    EXPECT_EQ(b.board.state(kSlot).benched_until, now + hours{hours_of_bench});
    EXPECT_FALSE(b.fail(now + std::chrono::minutes{1})) << "tried for want of another";
    EXPECT_EQ(b.board.state(kSlot).benched_until, now + hours{hours_of_bench});
    now += hours{hours_of_bench};
    EXPECT_TRUE(b.fail(now)) << hours_of_bench;
  }
}

TEST(HealthBoard, RaisesOneAlarmAMinuteForATargetThatRefusesUs) {
  Board b;
  EXPECT_EQ(b.board.misconfigured(kSlot, kNow), 1U);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(b.board.misconfigured(kSlot, kNow), std::nullopt);
  EXPECT_EQ(b.board.misconfigured(kSlot, kNow + minutes{1}), 11U);
  EXPECT_EQ(b.board.refusals(kSlot), 11U);
  EXPECT_EQ(b.state(), "0") << "no blame";
  b.succeed();
  EXPECT_EQ(b.board.refusals(kSlot), 0U);
}

TEST(HealthBoard, PardonsOnlyTheBenchThatWasLookedAt) {
  Board b;
  b.fail_times(3);
  const SteadyTime seen = b.board.state(kSlot).benched_until;
  b.fail(kNow + hours{1});
  EXPECT_FALSE(b.board.pardon_bench(kSlot, seen)) << "it failed again meanwhile";
  EXPECT_EQ(b.state(), "4, 180 min");
  EXPECT_TRUE(b.board.pardon_bench(kSlot, b.board.state(kSlot).benched_until));
  EXPECT_EQ(b.state(), "0");
  EXPECT_FALSE(b.board.pardon_bench(kSlot, {})) << "there is none";
  b.board.bench(kSlot, kNow, kNow + hours{1});
  EXPECT_FALSE(b.board.pardon_bench(kSlot, kNow + hours{1})) << "by hand";
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
