#include "router/experiment/tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace tallygate::router {
namespace {

constexpr std::uint64_t kSalt = 42;
using Dice = std::mt19937_64;
using Weights = std::vector<double>;

std::vector<std::uint32_t> counts_of(const SlotTable& table, std::size_t arms) {
  std::vector<std::uint32_t> counts(arms);
  for (const std::uint8_t value : table) {
    if (value < arms) ++counts[value];
  }
  return counts;
}

std::uint32_t moves_between(const SlotTable& a, const SlotTable& b) {
  std::uint32_t count = 0;
  for (std::size_t slot = 0; slot < kSlotCount; ++slot) count += a[slot] != b[slot] ? 1 : 0;
  return count;
}

/// 10,000 times the total variation distance, "in no arm" being one of the values.
std::uint32_t distance(const std::vector<std::uint32_t>& from, std::vector<std::uint32_t> to) {
  const auto sum = [](const auto& list) { return std::accumulate(list.begin(), list.end(), 0U); };
  std::uint32_t moves = sum(from) > sum(to) ? sum(from) - sum(to) : 0;
  for (std::size_t i = 0; i < to.size(); ++i) moves += std::max(to[i], from[i]) - from[i];
  return moves;
}

Weights random_weights(Dice& dice, std::size_t arms) {
  Weights weights(arms);
  for (double& weight : weights) weight = static_cast<double>(dice() % 1000);
  weights[dice() % arms] += 1;
  return weights;
}

double random_share(Dice& dice) { return static_cast<double>(dice() % 1001) / 1000; }

TEST(TestTables, CoverTheirLanesFromTheFront) {
  const double weights[] = {0.7, 0.3};
  EXPECT_EQ(targets_at(weights, 1), (std::vector<std::uint32_t>{7000, 3000}));
  EXPECT_EQ(targets_at(weights, 0.01), (std::vector<std::uint32_t>{70, 30}));
  EXPECT_EQ(targets_at(weights, 0), (std::vector<std::uint32_t>{0, 0}));
  const TestTable table = first_table(kSalt, weights, 0.01);
  EXPECT_EQ(counts_of(*table.slots, 2), (std::vector<std::uint32_t>{70, 30}));
  EXPECT_EQ(counts_of(*table.home, 2), (std::vector<std::uint32_t>{7000, 3000}));
}

TEST(TestTables, BringUnitsBackWhenASplitIsTakenBack) {
  const double narrow[] = {0.8, 0.2};
  const double wide[] = {0.5, 0.5};
  const TestTable before = first_table(kSalt, narrow);
  const TestTable during = retargeted(before, kSalt, wide, 1);
  const TestTable after = retargeted(during, kSalt, narrow, 1);
  EXPECT_DOUBLE_EQ(moved_share(*before.slots, *during.slots), 0.3);
  EXPECT_EQ(*before.slots, *after.slots);
}

TEST(TestTables, RampLikeATableThatWasMadeAtThatCoverage) {
  const double weights[] = {0.5, 0.3, 0.2};
  TestTable table = first_table(kSalt, weights, 0.01);
  for (const double coverage : {0.05, 0.25, 0.5, 1.0, 0.25, 0.0, 1.0}) {
    table = retargeted(table, kSalt, weights, coverage);
    EXPECT_EQ(*table.slots, *first_table(kSalt, weights, coverage).slots) << coverage;
  }
}

TEST(TestTables, EmptyTheTreatmentInOneSwap) {
  const double weights[] = {0.5, 0.3, 0.2};
  const TestTable before = first_table(kSalt, weights);
  const std::uint8_t treatments[] = {1, 2};
  const TestTable after = without_units_of(before, treatments);
  EXPECT_EQ(counts_of(*after.slots, 3), (std::vector<std::uint32_t>{5000, 0, 0}));
  for (std::size_t slot = 0; slot < kSlotCount; ++slot) {
    EXPECT_EQ((*before.slots)[slot] == 0, (*after.slots)[slot] == 0) << slot;
  }
  EXPECT_EQ(*after.home, *before.home);
}

TEST(TestTablesProperty, MoveExactlyTheDistanceBetweenSplits) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const std::uint64_t salt = dice();
    const std::size_t arms = 2 + dice() % 15;
    TestTable table = first_table(salt, random_weights(dice, arms), random_share(dice));
    for (int step = 0; step < 4; ++step) {
      const Weights weights = random_weights(dice, arms);
      const double coverage = random_share(dice);
      const auto wanted = targets_at(weights, coverage);
      const TestTable next = retargeted(table, salt, weights, coverage);
      EXPECT_EQ(counts_of(*next.slots, arms), wanted);
      const std::uint32_t moves = moves_between(*table.slots, *next.slots);
      EXPECT_EQ(moves, distance(counts_of(*table.slots, arms), wanted));
      EXPECT_DOUBLE_EQ(moved_share(*table.slots, *next.slots), moves / 10'000.0);
      table = next;
    }
  }
}

TEST(TestTablesProperty, RaisingCoverageOnlyTurnsNoArmIntoAnArm) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const std::uint64_t salt = dice();
    const Weights weights = random_weights(dice, 2 + dice() % 15);
    const double first = random_share(dice), second = random_share(dice);
    TestTable table = first_table(salt, random_weights(dice, weights.size()), random_share(dice));
    table = retargeted(table, salt, weights, std::min(first, second));
    const TestTable raised = retargeted(table, salt, weights, std::max(first, second));
    for (std::size_t slot = 0; slot < kSlotCount; ++slot) {
      if ((*table.slots)[slot] == kNoneSlot) continue;
      ASSERT_EQ((*raised.slots)[slot], (*table.slots)[slot]) << "slot " << slot;
    }
  }
}

TEST(TestTablesProperty, AddingAnArmTakesFromAllByShareAndMovesNobodyElse) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const std::uint64_t salt = dice();
    const double coverage = random_share(dice);
    Weights weights = random_weights(dice, 2 + dice() % 14);
    const TestTable before = first_table(salt, weights, coverage);
    weights.push_back(static_cast<double>(1 + dice() % 1000));
    const TestTable after = with_arm_added(before, salt, weights, coverage);
    const auto wanted = targets_at(weights, coverage);
    EXPECT_EQ(counts_of(*after.slots, weights.size()), wanted);
    EXPECT_EQ(moves_between(*before.slots, *after.slots),
              distance(counts_of(*before.slots, weights.size()), wanted));
    EXPECT_EQ(counts_of(*after.home, weights.size()), slot_targets(weights));
  }
}

TEST(TestTablesProperty, DroppingAnArmMovesOnlyItsOwnSlots) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const std::uint64_t salt = dice();
    const double coverage = random_share(dice);
    Weights weights = random_weights(dice, 2 + dice() % 15);
    const std::size_t dropped = dice() % weights.size();
    weights[(dropped + 1) % weights.size()] += 1;
    const TestTable before = first_table(salt, weights, coverage);
    const TestTable after = with_arm_dropped(before, salt, weights, dropped, coverage);
    for (std::size_t slot = 0; slot < kSlotCount; ++slot) {
      const std::uint8_t value = (*before.slots)[slot];
      if (value == dropped) {
        ASSERT_NE((*after.slots)[slot], dropped);
      } else {
        ASSERT_EQ((*after.slots)[slot], value) << "slot " << slot;
      }
    }
  }
}

}  // namespace
}  // namespace tallygate::router
