#include "gateway/registry/experiments/slot_table_text.h"

#include <gtest/gtest.h>

#include <random>

namespace tallygate::registry {
namespace {

using router::kNoneSlot;
using router::SlotTable;

TEST(SlotTableText, ReadsBackWhatItWrites) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 dice(seed);
    const std::uint64_t arms = 1 + dice() % 255;
    SlotTable table;
    for (auto& slot : table) {
      slot = dice() % 4 == 0 ? kNoneSlot : static_cast<std::uint8_t>(dice() % arms);
    }
    EXPECT_EQ(parse_slot_table(slot_table_text(table)), table);
  }
}

TEST(SlotTableText, IsShortForFewArms) {
  SlotTable table;
  table.fill(kNoneSlot);
  table[7] = 2;
  EXPECT_LT(slot_table_text(table).size(), 3400U);
}

TEST(SlotTableText, RefusesWhatIsNoTable) {
  SlotTable table;
  table.fill(1);
  const std::string text = slot_table_text(table);
  const auto check = [](std::string_view wrong) {
    EXPECT_EQ(parse_slot_table(wrong), std::nullopt) << wrong.substr(0, 20);
  };
  check("");
  check("A");
  check("/" + text.substr(1));
  check(text.substr(0, text.size() - 1));
  check(text + "B");
  check(text.substr(0, 100) + "?" + text.substr(101));
}

}  // namespace
}  // namespace tallygate::registry
