// Expected hashes, salts and tables were computed once by a separate Python program over libxxhash
// from the text of reference experiments.md section 1.

#include "router/assign.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/hash.h"
#include "base/limits.h"

namespace tallygate::router {
namespace {

const Uuid kExperiment = config_experiment_uuid("assistant", "mini-against-8b");
constexpr std::uint64_t kSalt = 0x3f8647ebb2f06ee5;
constexpr std::uint32_t kEightyTwenty[] = {8000, 2000};
constexpr std::uint32_t kHalves[] = {5000, 5000};

std::uint64_t hash_of(const SlotTable& table) {
  return hash64({reinterpret_cast<const char*>(table.data()), table.size()});
}

std::ptrdiff_t slots_of(const SlotTable& table, std::uint8_t value) {
  return std::count(table.begin(), table.end(), value);
}

TEST(Assign, UsesTheFinalXxh3) { EXPECT_EQ(hash64(""), 0x2D06800538D394C2); }

TEST(Assign, DerivesTheSaltOfAConfiguredExperimentFromItsNames) {
  EXPECT_EQ(to_string(kExperiment), "6ef670d6-cdef-fa90-39cc-0da2304fe53c");
  EXPECT_EQ(salt_of(kExperiment), kSalt);
}

TEST(Assign, HashesTheSeparatorAndTheUnitsBytes) {
  const auto check = [](const std::string& unit, std::uint64_t hash, std::uint16_t slot) {
    EXPECT_EQ(hash_unit(unit, 0), hash) << unit;
    EXPECT_EQ(slot_of(hash_unit(unit, kSalt)), slot) << unit;
  };
  check("user-1", 0xe8c23215991513f3, 3873);
  check("user-2", 0xd4eef8f6d0441589, 1690);
  check(
      "gr\xc3\xb6\xc3\x9f"
      "e",
      0x280f9ece97ae3081, 9724);
  check(std::string(600, 'x'), 0x48918fe53efb047, 9086);
}

TEST(Assign, HashesUnitsAroundTheBufferLimitAlike) {
  for (const std::size_t size :
       {std::size_t{0}, kMaxUnitBytes - 1, kMaxUnitBytes, kMaxUnitBytes + 1, 16 * kMaxUnitBytes}) {
    const std::string unit(size, 'u');
    EXPECT_EQ(hash_unit(unit, kSalt), hash64('\x1f' + unit, kSalt)) << size;
  }
}

TEST(Assign, MapsTheWholeRangeOfHashesToSlots) {
  EXPECT_EQ(slot_of(0), 0);
  EXPECT_EQ(slot_of(UINT64_MAX), 9999);
  EXPECT_EQ(slot_of(UINT64_MAX / 2), 4999);
  EXPECT_EQ(slot_of(UINT64_MAX / 2 + 1), 5000);
}

TEST(Assign, OrdersEverySlotOnceByRank) {
  auto order = slot_order(kSalt);
  const std::vector<std::uint16_t> first(order.begin(), order.begin() + 8);
  EXPECT_EQ(first, (std::vector<std::uint16_t>{7660, 3770, 9850, 9523, 3492, 7729, 3639, 6523}));
  const std::vector<std::uint16_t> last(order.end() - 4, order.end());
  EXPECT_EQ(last, (std::vector<std::uint16_t>{9497, 596, 6820, 9768}));
  std::sort(order.begin(), order.end());
  ASSERT_EQ(order.size(), kSlotCount);
  for (std::size_t i = 0; i < order.size(); ++i) ASSERT_EQ(order[i], i);
}

TEST(Assign, MakesTheReferencesTable) {
  const SlotTable table = make_table(kSalt, kEightyTwenty);
  EXPECT_EQ(hash_of(table), 0xd8779f76fbf4256U);
  const std::pair<const char*, int> expected[] = {{"user-1", 0}, {"user-2", 1}, {"user-3", 0}};
  for (const auto& [unit, variant] : expected) {
    EXPECT_EQ(table[slot_of(hash_unit(unit, kSalt))], variant) << unit;
  }
}

TEST(Assign, RetargetsToTheReferencesTableAndBack) {
  const SlotTable home = make_table(kSalt, kEightyTwenty);
  SlotTable table = home;
  EXPECT_EQ(retarget(table, home, kSalt, kHalves), 3000U);
  EXPECT_EQ(hash_of(table), 0x6116ed7ca35ef4a1U);
  EXPECT_EQ(retarget(table, home, kSalt, kEightyTwenty), 3000U);
  EXPECT_EQ(table, home);
}

TEST(Assign, MovesAFifthOfTheSlotsWhereRangesWouldMoveMore) {
  const SlotTable home = make_table(kSalt, std::vector<std::uint32_t>{7000, 2000, 1000});
  SlotTable table = home;
  EXPECT_EQ(retarget(table, home, kSalt, std::vector<std::uint32_t>{5000, 3000, 2000}), 2000U);
}

TEST(Assign, SpreadsOnlyTheSlotsOfADroppedVariant) {
  const SlotTable home = make_table(kSalt, std::vector<std::uint32_t>{5000, 3000, 2000});
  SlotTable table = home;
  EXPECT_EQ(retarget(table, home, kSalt, std::vector<std::uint32_t>{6000, 4000}), 2000U);
  EXPECT_EQ(slots_of(table, 0), 6000);
  EXPECT_EQ(slots_of(table, 1), 4000);
  for (std::size_t slot = 0; slot < kSlotCount; ++slot) {
    if (home[slot] != 2) {
      ASSERT_EQ(table[slot], home[slot]) << slot;
    }
  }
}

TEST(Assign, RetargetsToNobodyAndBack) {
  const SlotTable home = make_table(kSalt, kEightyTwenty);
  SlotTable table = home;
  EXPECT_EQ(retarget(table, home, kSalt, {}), kSlotCount);
  EXPECT_EQ(slots_of(table, kNoneSlot), kSlotCount);
  EXPECT_EQ(retarget(table, home, kSalt, kEightyTwenty), kSlotCount);
  EXPECT_EQ(table, home);
}

TEST(Assign, CoversTheFirstPartOfEveryLane) {
  const auto check = [](double coverage, int a, int b) {
    const SlotTable table = make_table(kSalt, kEightyTwenty, coverage);
    EXPECT_EQ(slots_of(table, 0), a) << coverage;
    EXPECT_EQ(slots_of(table, 1), b) << coverage;
    EXPECT_EQ(slots_of(table, kNoneSlot), static_cast<int>(kSlotCount) - a - b) << coverage;
  };
  check(0, 0, 0);
  check(0.01, 80, 20);
  check(0.25, 2000, 500);
  check(0.3333, 2666, 667);
  check(1, 8000, 2000);
}

TEST(Assign, SharesSlotsByLargestRemainder) {
  const auto check = [](const std::vector<double>& weights,
                        const std::vector<std::uint32_t>& expected) {
    EXPECT_EQ(slot_targets(weights), expected) << testing::PrintToString(weights);
  };
  check({80, 20}, {8000, 2000});
  check({1}, {10000});
  check({0, 7, 0}, {0, 10000, 0});
  check({1, 1, 1}, {3334, 3333, 3333});
  check({1, 1, 1, 1, 1, 1}, {1667, 1667, 1667, 1667, 1666, 1666});
  check({33.3, 33.3, 33.4}, {3330, 3330, 3340});
  check({70, 20, 10}, {7000, 2000, 1000});
  check({0.1, 0.2, 0.7}, {1000, 2000, 7000});
  check({99.995, 0.005}, {10000, 0});  // equal remainders: the lower index
  check({99.994, 0.006}, {9999, 1});
  check({1e308, 1e308}, {5000, 5000});
  check({5e-324, 5e-324}, {5000, 5000});
}

}  // namespace
}  // namespace tallygate::router
