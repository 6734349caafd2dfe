#include "gateway/exchange/attempt/retry_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

namespace tallygate {
namespace {

using std::chrono::seconds;

constexpr SteadyTime kStart = SteadyTime{} + std::chrono::hours{5};

/// A budget, and the floor that it may share.
struct Fund {
  Fund(double ratio, std::uint32_t floor_limit)
      : Fund(std::make_shared<RetryFloor>(), ratio, floor_limit) {}
  Fund(std::shared_ptr<RetryFloor> shared, double ratio, std::uint32_t floor_limit)
      : floor(std::move(shared)), budget(*floor) {
    config::Retry rules;
    rules.budget_ratio = ratio;
    rules.budget_floor = floor_limit;
    budget.set_rules(rules);
  }
  void earn(int requests, SteadyTime now) {
    for (int i = 0; i < requests; ++i) budget.earn(now);
  }
  /// How many retries it gives at `now` before none is left; at most 1,000.
  int spend_all(SteadyTime now) {
    int spent = 0;
    while (spent < 1000 && budget.spend(now)) ++spent;
    return spent;
  }

  std::shared_ptr<RetryFloor> floor;
  RetryBudget budget;
};

TEST(RetryBudget, GrantsTheFloorToAnIdleGate) {
  for (const std::uint32_t floor : {0U, 1U, 30U}) {
    Fund fund(0.2, floor);
    EXPECT_EQ(fund.spend_all(kStart), static_cast<int>(floor));
  }
}

TEST(RetryBudget, GrantsAShareOfTheRequestsAndTheFloor) {
  const auto check = [](int requests, double ratio, std::uint32_t floor, int expected) {
    Fund fund(ratio, floor);
    fund.earn(requests, kStart);
    EXPECT_EQ(fund.spend_all(kStart), expected) << requests << " * " << ratio << " + " << floor;
  };
  check(100, 0.25, 0, 25);
  check(100, 0.2, 30, 50);
  check(4, 0.2, 0, 0);
  check(5, 0.2, 0, 1);
  check(9, 0.2, 0, 1);
  check(10, 0, 3, 3);
}

TEST(RetryBudget, HasOneFloorForAllWorkers) {
  const auto floor = std::make_shared<RetryFloor>();
  Fund one(floor, 0.2, 30);
  Fund other(floor, 0.2, 30);
  one.earn(100, kStart);
  other.earn(50, kStart);
  EXPECT_EQ(one.spend_all(kStart), 20 + 30);
  EXPECT_EQ(other.spend_all(kStart), 10) << "its own, and nothing of a second floor";
  EXPECT_EQ(other.spend_all(kStart + seconds{10}), 30);
  EXPECT_EQ(one.spend_all(kStart + seconds{10}), 0);
}

TEST(RetryBudget, ForgetsWhatIsTenSecondsOld) {
  Fund fund(1, 0);
  for (int second = 0; second < 10; ++second) fund.earn(1, kStart + seconds{second});
  EXPECT_EQ(fund.spend_all(kStart + seconds{9}), 10);
  fund.earn(1, kStart + seconds{10});
  EXPECT_FALSE(fund.budget.spend(kStart + seconds{10})) << "one earned, one forgotten, ten spent";
  EXPECT_FALSE(fund.budget.spend(kStart + seconds{18}));
  EXPECT_TRUE(fund.budget.spend(kStart + seconds{19})) << "what was spent at 9 is forgotten";
  EXPECT_EQ(fund.spend_all(kStart + seconds{19}), 0);
}

TEST(RetryBudget, StartsAnewAfterALongPause) {
  for (const int pause : {10, 11, 19, 20, 21, 1000}) {
    Fund fund(1, 2);
    fund.earn(50, kStart);
    EXPECT_EQ(fund.spend_all(kStart), 52);
    EXPECT_EQ(fund.spend_all(kStart + seconds{pause}), 2) << pause;
  }
}

TEST(RetryBudget, TakesATimeBeforeTheLastForTheLast) {
  Fund fund(1, 0);
  fund.earn(1, kStart + seconds{3});
  fund.earn(1, kStart);
  EXPECT_EQ(fund.spend_all(kStart + seconds{12}), 2);
}

TEST(RetryBudget, AgreesWithListsOfEvents) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  Fund fund(0.5, 3);
  std::vector<std::int64_t> earned;
  std::vector<std::int64_t> spent;
  std::vector<std::int64_t> from_floor;
  std::int64_t second = 0;
  for (int step = 0; step < 2000; ++step) {
    if (dice() % 4 == 0) second += dice() % 20 == 0 ? dice() % 30 : dice() % 3;
    const SteadyTime now = kStart + seconds{second};
    const auto recent = [&](const std::vector<std::int64_t>& events) {
      return std::count_if(events.begin(), events.end(),
                           [&](std::int64_t event) { return event > second - 10; });
    };
    if (dice() % 3 != 0) {
      fund.budget.earn(now);
      earned.push_back(second);
      continue;
    }
    const bool is_earned =
        static_cast<double>(recent(spent) + 1) <= 0.5 * static_cast<double>(recent(earned));
    const bool is_granted = is_earned || recent(from_floor) < 3;
    ASSERT_EQ(fund.budget.spend(now), is_granted) << step;
    if (is_granted) (is_earned ? spent : from_floor).push_back(second);
  }
}

TEST(RetryFloor, IsNeverExceededByWorkersAtOnce) {
  constexpr std::uint32_t kFloor = 30;
  RetryFloor floor;
  std::atomic<std::uint32_t> granted{0};
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        if (floor.take(kStart + seconds{i / 2000}, kFloor)) ++granted;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(granted, kFloor);
}

}  // namespace
}  // namespace tallygate
