#include "gateway/exchange/attempt/retry_budget.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace tallygate {
namespace {

using std::chrono::seconds;

constexpr SteadyTime kStart = SteadyTime{} + std::chrono::hours{5};

RetryBudget budget_with(double ratio, std::uint32_t floor) {
  config::Retry rules;
  rules.budget_ratio = ratio;
  rules.budget_floor = floor;
  RetryBudget budget;
  budget.set_rules(rules);
  return budget;
}

/// How many retries may be spent at `now` before none is left; at most 1,000.
int spend_all(RetryBudget& budget, SteadyTime now) {
  int spent = 0;
  while (spent < 1000 && budget.has_any(now)) {
    budget.spend(now);
    ++spent;
  }
  return spent;
}

TEST(RetryBudget, GrantsTheFloorToAnIdleWorker) {
  for (const std::uint32_t floor : {0U, 1U, 30U}) {
    RetryBudget budget = budget_with(0.2, floor);
    EXPECT_EQ(spend_all(budget, kStart), static_cast<int>(floor));
  }
}

TEST(RetryBudget, GrantsAShareOfTheRequests) {
  RetryBudget budget = budget_with(0.25, 0);
  for (int i = 0; i < 100; ++i) budget.earn(kStart);
  EXPECT_EQ(spend_all(budget, kStart), 25);
}

TEST(RetryBudget, ForgetsWhatIsTenSecondsOld) {
  RetryBudget budget = budget_with(1, 0);
  for (int second = 0; second < 10; ++second) budget.earn(kStart + seconds{second});
  EXPECT_EQ(spend_all(budget, kStart + seconds{9}), 10);
  budget.earn(kStart + seconds{10});
  EXPECT_FALSE(budget.has_any(kStart + seconds{10})) << "one earned, one forgotten, ten spent";
  EXPECT_FALSE(budget.has_any(kStart + seconds{18}));
  EXPECT_TRUE(budget.has_any(kStart + seconds{19})) << "what was spent at 9 is forgotten";
  EXPECT_EQ(spend_all(budget, kStart + seconds{19}), 1);
}

TEST(RetryBudget, StartsAnewAfterALongPause) {
  for (const int pause : {10, 11, 19, 20, 21, 1000}) {
    RetryBudget budget = budget_with(1, 2);
    for (int i = 0; i < 50; ++i) budget.earn(kStart);
    spend_all(budget, kStart);
    EXPECT_EQ(spend_all(budget, kStart + seconds{pause}), 2) << pause;
  }
}

TEST(RetryBudget, TakesATimeBeforeTheLastForTheLast) {
  RetryBudget budget = budget_with(1, 0);
  budget.earn(kStart + seconds{3});
  budget.earn(kStart);
  EXPECT_EQ(spend_all(budget, kStart + seconds{12}), 2);
}

TEST(RetryBudget, AgreesWithAListOfEvents) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  RetryBudget budget = budget_with(0.5, 3);
  std::vector<std::int64_t> earned;
  std::vector<std::int64_t> spent;
  std::int64_t second = 0;
  for (int step = 0; step < 2000; ++step) {
    if (dice() % 4 == 0) second += dice() % 20 == 0 ? dice() % 30 : dice() % 3;
    const SteadyTime now = kStart + seconds{second};
    const auto recent = [&](const std::vector<std::int64_t>& events) {
      return std::count_if(events.begin(), events.end(),
                           [&](std::int64_t event) { return event > second - 10; });
    };
    const double granted = 0.5 * static_cast<double>(recent(earned)) + 3;
    ASSERT_EQ(budget.has_any(now), static_cast<double>(recent(spent)) < granted) << step;
    if (dice() % 3 == 0) {
      budget.spend(now);
      spent.push_back(second);
    } else {
      budget.earn(now);
      earned.push_back(second);
    }
  }
}

}  // namespace
}  // namespace tallygate
