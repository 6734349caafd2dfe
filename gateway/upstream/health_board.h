#pragma once
// What all workers know of each target's health: one cache line of atomics per target slot, so that
// "three failures in a row" means three in the process. Slots never move and outlive snapshots.
// Any thread. Decisions are router/blacklist's; this only holds their state.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "gateway/upstream/health_news.h"
#include "router/blacklist.h"
#include "router/plan.h"

namespace tallygate {

class HealthBoard {
 public:
  static constexpr std::uint32_t kChunk = 256;
  static constexpr std::uint32_t kMaxChunks = 1024;
  /// Between two alarms about the configuration of one target.
  static constexpr std::chrono::minutes kAlarmInterval{1};

  ~HealthBoard();

  /// Before a slot is first used; control thread.
  void ensure(router::TargetSlot slot);

  router::HealthState state(router::TargetSlot slot) const;
  router::HealthView view() const;

  /// Being the one request that tries a recovering target; empty = is not. Ends with its owner.
  class Trial {
   public:
    Trial() = default;
    explicit Trial(std::atomic<bool>& flag) : flag_(&flag) {}
    Trial(Trial&& other) noexcept : flag_(std::exchange(other.flag_, nullptr)) {}
    Trial& operator=(Trial&& other) noexcept {
      end();
      flag_ = std::exchange(other.flag_, nullptr);
      return *this;
    }
    ~Trial() { end(); }

    explicit operator bool() const { return flag_ != nullptr; }
    void end() {
      if (flag_ != nullptr) std::exchange(flag_, nullptr)->store(false, std::memory_order_release);
    }

   private:
    std::atomic<bool>* flag_ = nullptr;
  };
  /// Whether a request may be sent there at `now`. A recovering target is entered by filling
  /// `trial`, which one request in the process can at a time.
  bool may_enter(router::TargetSlot slot, SteadyTime now, Trial& trial);

  /// Writes only if there is something to reset. True: this ended a bench. A bench by hand stays,
  /// and so does one that began after the attempt: it is the rest of what the target had been.
  bool succeeded(router::TargetSlot slot, SteadyTime began);
  /// True if this failure benched the target.
  bool failed(router::TargetSlot slot, SteadyTime began, SteadyTime now,
              const config::Blacklist& rules);
  /// After a 429, never shorter than it is already.
  void cool_down(router::TargetSlot slot, SteadyTime until);
  /// It refused our credential or our model. The refusals since the last success, if it is time for
  /// an alarm.
  std::optional<std::uint32_t> misconfigured(router::TargetSlot slot, SteadyTime now);
  std::uint32_t refusals(router::TargetSlot slot) const;

  /// Clears bench, failures, cooldown and refusals.
  void pardon(router::TargetSlot slot);
  /// The same unless the bench is by hand or is another one than `benched_until` tells. True: done.
  bool pardon_bench(router::TargetSlot slot, SteadyTime benched_until);
  /// By hand: until then, whatever its requests do, and however it was benched before.
  void bench(router::TargetSlot slot, SteadyTime now, SteadyTime until);
  /// As it was before a restart.
  void restore(router::TargetSlot slot, router::HealthState state, SteadyTime now);
  bool is_benched_by_hand(router::TargetSlot slot) const;

  /// Connections of all workers to this target.
  std::atomic<std::uint32_t>& open_connections(router::TargetSlot slot);

  HealthNewsQueue news;

 private:
  struct alignas(64) Slot {
    std::atomic<SteadyTime::rep> benched_until{0};
    std::atomic<SteadyTime::rep> benched_since{0};
    std::atomic<SteadyTime::rep> cooling_until{0};
    std::atomic<SteadyTime::rep> next_alarm{0};
    std::atomic<std::uint32_t> failures_in_row{0};
    std::atomic<std::uint32_t> refusals{0};
    std::atomic<std::uint32_t> open_connections{0};
    std::atomic<bool> by_hand{false};
    std::atomic<bool> on_trial{false};
  };
  static_assert(sizeof(Slot) == 64);
  using Chunk = std::array<Slot, kChunk>;

  Slot& at(router::TargetSlot slot) const;
  void put(router::TargetSlot slot, router::HealthState state, SteadyTime now, bool by_hand);
  /// With failing_ locked.
  static void clear(Slot& slot);

  std::array<std::atomic<Chunk*>, kMaxChunks> chunks_{};
  std::mutex failing_;  ///< failures are rare; they are counted one at a time
};

}  // namespace tallygate
