#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

#include "router/assign.h"

namespace tallygate::router {
namespace {

constexpr int kRounds = 30;

using Dice = std::mt19937_64;

/// Random targets over 1 to `most` variants; with `full` they sum to 10,000, else to at most that.
std::vector<std::uint32_t> random_targets(Dice& dice, std::size_t most, bool full) {
  std::vector<double> weights(1 + dice() % most + (full ? 0 : 1));
  for (double& weight : weights) weight = static_cast<double>(dice() % 1000);
  weights.front() += 1;
  auto targets = slot_targets(weights);
  if (!full) targets.pop_back();
  return targets;
}

std::array<std::uint32_t, 256> counts_of(const SlotTable& table) {
  std::array<std::uint32_t, 256> counts{};
  for (const auto value : table) ++counts[value];
  return counts;
}

void expect_shares(const SlotTable& table, const std::vector<std::uint32_t>& targets) {
  const auto counts = counts_of(table);
  std::uint32_t given = 0;
  for (std::size_t v = 0; v < targets.size(); ++v) {
    EXPECT_EQ(counts[v], targets[v]) << "variant " << v;
    given += targets[v];
  }
  EXPECT_EQ(counts[kNoneSlot], kSlotCount - given);
}

/// 10,000 times the total variation distance between what `table` holds and `targets`.
std::uint32_t distance(const SlotTable& table, const std::vector<std::uint32_t>& targets) {
  auto wanted = std::array<std::uint32_t, 256>{};
  wanted[kNoneSlot] = kSlotCount;
  for (std::size_t v = 0; v < targets.size(); ++v) {
    wanted[v] = targets[v];
    wanted[kNoneSlot] -= targets[v];
  }
  const auto counts = counts_of(table);
  std::uint32_t moves = 0;
  for (std::size_t v = 0; v < wanted.size(); ++v)
    moves += std::max(wanted[v], counts[v]) - counts[v];
  return moves;
}

std::uint32_t differences(const SlotTable& a, const SlotTable& b) {
  std::uint32_t count = 0;
  for (std::size_t slot = 0; slot < kSlotCount; ++slot) count += a[slot] != b[slot] ? 1 : 0;
  return count;
}

TEST(AssignProperty, TablesHoldExactlyTheirTargets) {
  for (std::uint64_t seed = 1; seed <= kRounds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const auto targets = random_targets(dice, 8, seed % 2 == 0);
    expect_shares(make_table(dice(), targets), targets);
  }
}

TEST(AssignProperty, RetargetMovesExactlyTheDistanceBetweenSplits) {
  for (std::uint64_t seed = 1; seed <= kRounds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const std::uint64_t salt = dice();
    const SlotTable home = make_table(salt, random_targets(dice, 8, seed % 2 == 0));
    SlotTable table = home;
    for (int step = 0; step < 4; ++step) {
      const auto targets = random_targets(dice, 8, dice() % 2 == 0);
      const SlotTable before = table;
      const std::uint32_t expected = distance(before, targets);
      EXPECT_EQ(retarget(table, home, salt, targets), expected);
      EXPECT_EQ(differences(before, table), expected);
      expect_shares(table, targets);
    }
  }
}

TEST(AssignProperty, ThereAndBackRestoresTheSameUsers) {
  for (std::uint64_t seed = 1; seed <= kRounds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const std::uint64_t salt = dice();
    const auto targets = random_targets(dice, 6, seed % 2 == 0);
    const SlotTable home = make_table(salt, targets);
    SlotTable table = home;
    retarget(table, home, salt, random_targets(dice, 6, true));
    retarget(table, home, salt, targets);
    EXPECT_EQ(table, home);
  }
}

TEST(AssignProperty, RaisingCoverageOnlyTurnsNoneIntoAVariant) {
  for (std::uint64_t seed = 1; seed <= kRounds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const std::uint64_t salt = dice();
    const auto targets = random_targets(dice, 6, true);
    SlotTable before = make_table(salt, targets, 0);
    for (const double coverage : {0.01, 0.05, 0.25, 0.333, 0.5, 0.999, 1.0}) {
      const SlotTable table = make_table(salt, targets, coverage);
      for (std::size_t slot = 0; slot < kSlotCount; ++slot) {
        if (before[slot] != kNoneSlot) {
          ASSERT_EQ(table[slot], before[slot]) << slot;
        }
      }
      before = table;
    }
    expect_shares(before, targets);
  }
}

TEST(AssignProperty, SharesAreWithinOneSlotOfTheirQuota) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    std::vector<double> weights(1 + dice() % 20);
    double total = 0;
    for (double& weight : weights) {
      weight = dice() % 4 == 0 ? 0 : static_cast<double>(dice() % 100'000) / 997;
    }
    weights.back() += 0.5;
    for (const double weight : weights) total += weight;
    const auto targets = slot_targets(weights);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      EXPECT_NEAR(targets[i], weights[i] / total * kSlotCount, 1.0);
      if (weights[i] == 0) {
        EXPECT_EQ(targets[i], 0U);
      }
      sum += targets[i];
    }
    EXPECT_EQ(sum, kSlotCount);
  }
}

/// Pearson's statistic of `hits` against equal shares.
template <class Hits>
double chi_square(const Hits& hits, double expected) {
  double sum = 0;
  for (const auto n : hits) sum += (n - expected) * (n - expected) / expected;
  return sum;
}

TEST(AssignProperty, UnitsFallEvenlyOverSlots) {
  // 9,999 degrees of freedom: mean 9999, standard deviation 141.4; 5 of them either side, since
  // too even is as wrong as too uneven.
  for (const std::uint64_t salt : {std::uint64_t{0}, std::uint64_t{0x3f8647ebb2f06ee5}}) {
    std::vector<int> hits(kSlotCount);
    constexpr int kUnits = 500'000;
    for (int i = 0; i < kUnits; ++i) ++hits[slot_of(hash_unit("user-" + std::to_string(i), salt))];
    EXPECT_NEAR(chi_square(hits, double{kUnits} / kSlotCount), 9999, 5 * 141.4) << salt;
  }
}

TEST(AssignProperty, ExperimentsDealTheSameUnitsIndependently) {
  // 3 degrees of freedom: over 21.1 has probability 1e-4.
  const SlotTable first = make_table(11, std::vector<std::uint32_t>{5000, 5000});
  const SlotTable second = make_table(12, std::vector<std::uint32_t>{5000, 5000});
  std::array<int, 4> hits{};
  constexpr int kUnits = 100'000;
  for (int i = 0; i < kUnits; ++i) {
    const std::string unit = "session/" + std::to_string(i);
    const auto a = first[slot_of(hash_unit(unit, 11))];
    const auto b = second[slot_of(hash_unit(unit, 12))];
    ++hits[static_cast<std::size_t>(2 * a + b)];
  }
  EXPECT_LT(chi_square(hits, kUnits / 4.0), 21.1);
}

}  // namespace
}  // namespace tallygate::router
