#pragma once
// Fairness: a peer that sends as fast as it is served would keep its connection's coroutine running
// for ever, and every other connection of the worker waiting. One worker's thread only.

#include <cstddef>

#include "gateway/http/loop/event_loop.h"
#include "gateway/http/loop/task.h"

namespace tallygate::http {

/// What one connection has done in this turn of the event loop, in bytes or requests.
class TurnShare {
 public:
  explicit TurnShare(std::size_t limit) : limit_(limit) {}

  /// `turn` is the time at which it began, EventLoop::now. True: this connection has had its share,
  /// and should wait for the next turn.
  bool take(SteadyTime turn, std::size_t amount) {
    if (turn != turn_) {
      turn_ = turn;
      taken_ = 0;
    }
    taken_ += amount;
    return taken_ >= limit_;
  }

 private:
  SteadyTime turn_{};
  std::size_t taken_ = 0;
  std::size_t limit_;
};

/// Sleeps until the loop's next turn, which comes at once, unless something else wakes `parking`.
Task<void> next_turn(EventLoop& loop, Parking& parking);

}  // namespace tallygate::http
