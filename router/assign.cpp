#include "router/assign.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>

#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"

namespace tallygate::router {
namespace {

constexpr std::uint64_t kRankSalt = 0x9E3779B97F4A7C15;
constexpr char kUnitSeparator = 0x1f;

using Counts = std::array<std::uint32_t, 256>;

/// Slots that carry each value of a table, kNoneSlot included.
Counts counts_of(const SlotTable& table) {
  Counts counts{};
  for (const std::uint8_t value : table) ++counts[value];
  return counts;
}

Counts padded_targets(std::span<const std::uint32_t> targets) {
  TG_ASSERT(targets.size() <= kNoneSlot);
  const auto sum = std::accumulate(targets.begin(), targets.end(), std::uint64_t{0});
  TG_ASSERT(sum <= kSlotCount);
  Counts padded{};
  std::copy(targets.begin(), targets.end(), padded.begin());
  padded[kNoneSlot] = kSlotCount - static_cast<std::uint32_t>(sum);
  return padded;
}

struct Imbalance {
  Counts surplus{};
  Counts deficit{};

  void move(std::uint8_t& slot, std::uint8_t to) {
    --surplus[slot];
    --deficit[to];
    slot = to;
  }
};

Imbalance imbalance_of(const SlotTable& table, const Counts& targets) {
  const Counts counts = counts_of(table);
  Imbalance result;
  for (std::size_t v = 0; v < counts.size(); ++v) {
    if (counts[v] > targets[v]) result.surplus[v] = counts[v] - targets[v];
    if (targets[v] > counts[v]) result.deficit[v] = targets[v] - counts[v];
  }
  return result;
}

}  // namespace

std::uint64_t hash_unit(std::string_view unit, std::uint64_t salt) {
  if (unit.size() > kMaxUnitBytes) [[unlikely]] {
    return hash64(kUnitSeparator + std::string(unit), salt);
  }
  char bytes[1 + kMaxUnitBytes];
  bytes[0] = kUnitSeparator;
  if (!unit.empty()) std::memcpy(bytes + 1, unit.data(), unit.size());
  return hash64({bytes, 1 + unit.size()}, salt);
}

std::uint16_t slot_of(std::uint64_t hash) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint16_t>((Wide{hash} * kSlotCount) >> 64);
}

std::uint64_t salt_of(const Uuid& experiment) { return hash64(experiment.view()); }

Uuid config_experiment_uuid(std::string_view route, std::string_view name) {
  const Hash128 hash = hash128(std::string(route).append("/").append(name));
  Uuid id;  // the canonical form of XXH3_128: high half first, big-endian
  for (std::size_t i = 0; i < 8; ++i) {
    id.bytes[i] = static_cast<std::uint8_t>(hash.high >> (56 - 8 * i));
    id.bytes[8 + i] = static_cast<std::uint8_t>(hash.low >> (56 - 8 * i));
  }
  return id;
}

std::vector<std::uint16_t> slot_order(std::uint64_t salt) {
  std::vector<std::pair<std::uint64_t, std::uint16_t>> ranked(kSlotCount);
  for (std::uint16_t slot = 0; slot < kSlotCount; ++slot) {
    const char bytes[2] = {static_cast<char>(slot & 0xFF), static_cast<char>(slot >> 8)};
    ranked[slot] = {hash64({bytes, sizeof bytes}, salt ^ kRankSalt), slot};
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::uint16_t> order;
  order.reserve(kSlotCount);
  for (const auto& [rank, slot] : ranked) order.push_back(slot);
  return order;
}

std::vector<std::uint32_t> slot_targets(std::span<const double> weights) {
  // Quotas as integers of a millionth of a slot: the rounding noise of doubles must not decide
  // which of two equal remainders is larger.
  constexpr std::int64_t kUnit = 1'000'000;
  TG_ASSERT(!weights.empty() && weights.size() <= kNoneSlot);
  const double largest = *std::max_element(weights.begin(), weights.end());
  TG_ASSERT(largest > 0 && std::isfinite(largest));
  double total = 0;
  for (const double weight : weights) {
    TG_ASSERT(weight >= 0);
    total += weight / largest;
  }

  std::vector<std::uint32_t> targets;
  std::vector<std::pair<std::int64_t, std::size_t>> remainders;
  std::uint32_t given = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto quota = std::llround(weights[i] / largest / total * kSlotCount * kUnit);
    targets.push_back(static_cast<std::uint32_t>(quota / kUnit));
    remainders.emplace_back(-(quota % kUnit), i);
    given += targets.back();
  }
  std::sort(remainders.begin(), remainders.end());
  for (std::size_t i = 0; given < kSlotCount; ++i, ++given) {
    ++targets[remainders[i % remainders.size()].second];
  }
  return targets;
}

SlotTable make_table(std::uint64_t salt, std::span<const std::uint32_t> targets, double coverage) {
  TG_ASSERT(coverage >= 0 && coverage <= 1);
  const Counts lanes = padded_targets(targets);
  const auto order = slot_order(salt);
  SlotTable table;
  table.fill(kNoneSlot);
  std::size_t lane_start = 0;
  for (std::size_t v = 0; v < targets.size(); ++v) {
    const auto active = static_cast<std::size_t>(std::llround(coverage * lanes[v]));
    for (std::size_t i = 0; i < active; ++i) {
      table[order[lane_start + i]] = static_cast<std::uint8_t>(v);
    }
    lane_start += lanes[v];
  }
  return table;
}

std::uint32_t retarget(SlotTable& table, const SlotTable& home, std::uint64_t salt,
                       std::span<const std::uint32_t> targets) {
  Imbalance left = imbalance_of(table, padded_targets(targets));
  const auto total = std::accumulate(left.surplus.begin(), left.surplus.end(), std::uint32_t{0});
  const auto order = slot_order(salt);
  for (const std::uint16_t slot : order) {
    const std::uint8_t now = table[slot];
    const std::uint8_t back = home[slot];
    if (back != now && left.surplus[now] > 0 && left.deficit[back] > 0) {
      left.move(table[slot], back);
    }
  }
  for (auto slot = order.rbegin(); slot != order.rend(); ++slot) {
    if (left.surplus[table[*slot]] == 0) continue;
    const auto neediest = std::max_element(left.deficit.begin(), left.deficit.end());
    left.move(table[*slot], static_cast<std::uint8_t>(neediest - left.deficit.begin()));
  }
  return total;
}

}  // namespace tallygate::router
