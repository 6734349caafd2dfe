#include "router/experiment/tables.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/assert.h"

namespace tallygate::router {
namespace {

std::shared_ptr<const SlotTable> shared(const SlotTable& table) {
  return std::make_shared<const SlotTable>(table);
}

TestTable moved_to(const TestTable& table, std::uint64_t salt,
                   std::span<const std::uint32_t> targets) {
  SlotTable slots = *table.slots;
  retarget(slots, *table.home, salt, targets);
  return {shared(slots), table.home};
}

std::uint32_t slots_of(const SlotTable& table, std::size_t arm) {
  return static_cast<std::uint32_t>(std::count(table.begin(), table.end(), arm));
}

}  // namespace

std::vector<std::uint32_t> targets_at(std::span<const double> weights, double coverage) {
  TG_ASSERT(coverage >= 0 && coverage <= 1);
  auto targets = slot_targets(weights);
  for (std::uint32_t& target : targets) {
    target = static_cast<std::uint32_t>(std::llround(coverage * target));
  }
  return targets;
}

TestTable first_table(std::uint64_t salt, std::span<const double> weights, double coverage) {
  const auto lanes = slot_targets(weights);
  return {shared(make_table(salt, lanes, coverage)), shared(make_table(salt, lanes))};
}

TestTable retargeted(const TestTable& table, std::uint64_t salt, std::span<const double> weights,
                     double coverage) {
  return moved_to(table, salt, targets_at(weights, coverage));
}

TestTable with_arm_added(const TestTable& table, std::uint64_t salt,
                         std::span<const double> weights, double coverage) {
  SlotTable home = *table.home;
  retarget(home, *table.home, salt, slot_targets(weights));
  return moved_to({table.slots, shared(home)}, salt, targets_at(weights, coverage));
}

TestTable with_arm_dropped(const TestTable& table, std::uint64_t salt,
                           std::span<const double> weights, std::size_t dropped, double coverage) {
  TG_ASSERT(dropped < weights.size());
  std::vector<double> others(weights.begin(), weights.end());
  others[dropped] = 0;
  auto targets = targets_at(others, coverage);
  // Rounding must not take a slot from an arm that stays, nor leave one of the dropped arm's over:
  // what one arm keeps above its target, the one that gains most goes without.
  std::vector<std::uint32_t> now;
  for (std::size_t arm = 0; arm < targets.size(); ++arm) {
    now.push_back(slots_of(*table.slots, arm));
    if (arm != dropped) targets[arm] = std::max(targets[arm], now[arm]);
  }
  const auto room = std::accumulate(now.begin(), now.end(), std::uint32_t{0});
  auto given = std::accumulate(targets.begin(), targets.end(), std::uint32_t{0});
  const auto gain = [&](std::size_t arm) {
    return targets[arm] - std::min(targets[arm], now[arm]);
  };
  for (; given > room; --given) {
    std::size_t most = 0;
    for (std::size_t arm = 1; arm < targets.size(); ++arm) {
      if (gain(arm) > gain(most)) most = arm;
    }
    --targets[most];
  }
  return moved_to(table, salt, targets);
}

TestTable without_units_of(const TestTable& table, std::span<const std::uint8_t> arms) {
  SlotTable slots = *table.slots;
  for (std::uint8_t& slot : slots) {
    if (std::find(arms.begin(), arms.end(), slot) != arms.end()) slot = kNoneSlot;
  }
  return {shared(slots), table.home};
}

double moved_share(const SlotTable& before, const SlotTable& after) {
  std::uint32_t moved = 0;
  for (std::size_t slot = 0; slot < kSlotCount; ++slot) {
    moved += before[slot] != after[slot] ? 1 : 0;
  }
  return static_cast<double>(moved) / kSlotCount;
}

}  // namespace tallygate::router
