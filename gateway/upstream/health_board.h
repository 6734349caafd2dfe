#pragma once
// What all workers know of each target's health: one cache line of atomics per target slot, so that
// "three failures in a row" means three in the process. Slots never move and outlive snapshots.
// Any thread. Decisions are router/blacklist's; this only holds their state.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "router/blacklist.h"
#include "router/plan.h"

namespace tallygate {

class HealthBoard {
 public:
  static constexpr std::uint32_t kChunk = 256;
  static constexpr std::uint32_t kMaxChunks = 1024;

  ~HealthBoard();

  /// Before a slot is first used; control thread.
  void ensure(router::TargetSlot slot);

  router::HealthState state(router::TargetSlot slot) const;
  router::HealthView view() const;

  /// Writes only if there is something to reset. A bench by hand stays.
  void succeeded(router::TargetSlot slot);
  /// True if this failure benched the target.
  bool failed(router::TargetSlot slot, SteadyTime began, SteadyTime now,
              const config::Blacklist& rules);
  /// Clears bench and failures.
  void pardon(router::TargetSlot slot);
  /// By hand: until then, whatever its requests do, and however it was benched before.
  void bench(router::TargetSlot slot, SteadyTime now, SteadyTime until);
  /// As it was before a restart.
  void restore(router::TargetSlot slot, router::HealthState state, SteadyTime now);
  bool is_benched_by_hand(router::TargetSlot slot) const;

  /// Connections of all workers to this target.
  std::atomic<std::uint32_t>& open_connections(router::TargetSlot slot);

 private:
  struct alignas(64) Slot {
    std::atomic<SteadyTime::rep> benched_until{0};
    std::atomic<SteadyTime::rep> benched_since{0};
    std::atomic<std::uint32_t> failures_in_row{0};
    std::atomic<std::uint32_t> open_connections{0};
    std::atomic<bool> by_hand{false};
  };
  using Chunk = std::array<Slot, kChunk>;

  Slot& at(router::TargetSlot slot) const;

  std::array<std::atomic<Chunk*>, kMaxChunks> chunks_{};
  std::mutex failing_;  ///< failures are rare; they are counted one at a time
};

}  // namespace tallygate
