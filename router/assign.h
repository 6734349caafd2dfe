#pragma once
// Who gets which variant: reference experiments.md section 1, exactly. Pure integers; every gate
// that holds the same table gives the same answer. Thread-safe by being stateless.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/uuid.h"

namespace tallygate::router {

inline constexpr std::uint32_t kSlotCount = 10'000;
inline constexpr std::uint8_t kNoneSlot = 0xFF;  ///< default version, not counted

using SlotTable = std::array<std::uint8_t, kSlotCount>;

/// XXH3 of `tenant 0x1f unit`, with the tenant empty in this version.
std::uint64_t hash_unit(std::string_view unit, std::uint64_t salt);

/// (hash * 10000) >> 64: a slot in [0, 10000), bias below 10000/2^64.
std::uint16_t slot_of(std::uint64_t hash);

/// XXH3 of the experiment's 16 UUID bytes, seed 0.
std::uint64_t salt_of(const Uuid& experiment);
/// XXH3_128("route/name"): the UUID of an experiment that the config file declares.
Uuid config_experiment_uuid(std::string_view route, std::string_view name);

/// Slots in the order of (rank, slot), section 1.4 step 1.
std::vector<std::uint16_t> slot_order(std::uint64_t salt);

/// Weights (any non-negative numbers, not all zero) to integers that sum to 10,000 by largest
/// remainder; ties go to the lower index.
std::vector<std::uint32_t> slot_targets(std::span<const double> weights);

/// Section 1.4: contiguous lanes of the order; each lane's first round(coverage * lane) slots
/// carry their variant, the rest kNoneSlot. `coverage` in [0, 1].
SlotTable make_table(std::uint64_t salt, std::span<const std::uint32_t> targets,
                     double coverage = 1.0);

/// Section 1.5. Moves exactly sum(max(0, target - count)) slots. `targets` has one entry per
/// variant; what is missing to 10,000 becomes kNoneSlot. Returns how many slots moved.
std::uint32_t retarget(SlotTable& table, const SlotTable& home, std::uint64_t salt,
                       std::span<const std::uint32_t> targets);

}  // namespace tallygate::router
