#pragma once
// Wakes one sleeping thread without a system call when it is awake already. Any thread rings; one
// thread sleeps. What a ringer wrote before ring() is seen by the sleeper's next turn.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace tallygate::store {

class Bell {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  void ring();
  /// Call before looking for work: a ring from here on makes the next sleep return at once.
  void begin_turn() { state_.exchange(kAwake); }
  /// Until a ring or the deadline; may also return early.
  void sleep(Deadline deadline);

 private:
  static constexpr std::uint32_t kAwake = 0;
  static constexpr std::uint32_t kRung = 1;
  static constexpr std::uint32_t kAsleep = 2;

  std::atomic<std::uint32_t> state_{kAwake};
};

}  // namespace tallygate::store
