#pragma once
// Deadlines of one event loop, soonest first. Nothing is ever taken out early: the owner checks by
// generation whether a deadline still means something.

#include <cstdint>
#include <optional>
#include <queue>
#include <vector>

#include "base/time.h"

namespace tallygate::simulator {

struct Deadline {
  SteadyTime at;
  int slot = -1;
  std::uint32_t generation = 0;
  bool operator>(const Deadline& other) const { return at > other.at; }
};

class Timers {
 public:
  void add(const Deadline& deadline) { heap_.push(deadline); }

  std::optional<Deadline> take_due(SteadyTime now) {
    if (heap_.empty() || heap_.top().at > now) return std::nullopt;
    const Deadline due = heap_.top();
    heap_.pop();
    return due;
  }

  /// Milliseconds until the next one, rounded up, for epoll_wait; -1 = none.
  int wait_ms(SteadyTime now) const {
    if (heap_.empty()) return -1;
    if (heap_.top().at <= now) return 0;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(heap_.top().at - now).count();
    return left > 60'000 ? 60'000 : static_cast<int>(left);
  }

 private:
  std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> heap_;
};

}  // namespace tallygate::simulator
