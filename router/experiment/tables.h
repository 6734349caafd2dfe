#pragma once
// The slot tables of an A/B test through its life: reference experiments.md 1.3 to 1.5. Every
// function returns new tables and leaves the old ones, which requests in flight may still use. Each
// change is a new epoch; counting those is the caller's. Pure.
//
// `weights` are the arms' shares in order, control first: non-negative, not all zero. `coverage` in
// [0, 1] is the part of each arm's lane that is in the test.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "router/assign.h"

namespace tallygate::router {

/// `home` covers every unit: where a slot belongs when the split allows it, so that a change that
/// is taken back also takes the units back.
struct TestTable {
  std::shared_ptr<const SlotTable> slots;
  std::shared_ptr<const SlotTable> home;
};

/// Slots per arm; what is missing to 10,000 is in no arm.
std::vector<std::uint32_t> targets_at(std::span<const double> weights, double coverage);

/// At the first activation: epoch 1.
TestTable first_table(std::uint64_t salt, std::span<const double> weights, double coverage = 1);

/// Another split or coverage of the same arms. Moves exactly the total variation distance; with the
/// split unchanged, more coverage only turns "no arm" into an arm.
TestTable retargeted(const TestTable& table, std::uint64_t salt, std::span<const double> weights,
                     double coverage);

/// The last of `weights` is new: every arm gives to it by share.
TestTable with_arm_added(const TestTable& table, std::uint64_t salt,
                         std::span<const double> weights, double coverage);

/// Arm number `dropped` keeps its number and weighs nothing from now on; only its own slots move,
/// to the others by share. One of the others must weigh something.
TestTable with_arm_dropped(const TestTable& table, std::uint64_t salt,
                           std::span<const double> weights, std::size_t dropped, double coverage);

/// Everyone in one of `arms` leaves the test; the others stay where they are.
TestTable without_units_of(const TestTable& table, std::span<const std::uint8_t> arms);

/// Share of all slots whose value differs: what a change would do to the units.
double moved_share(const SlotTable& before, const SlotTable& after);

}  // namespace tallygate::router
