#pragma once
// Answers that wait for their record to be committed, in the order of their records. An answer is
// held at most kPatience; after kStrikes such releases in a row none waits any more until the
// journal moves again. A worker's own; pure but for waking its sleepers.

#include <cstdint>
#include <deque>

#include "gateway/http/loop/parking.h"

namespace tallygate {

struct CommitTicket {
  enum class State : std::uint8_t { waiting, committed, released };
  std::uint64_t number = 0;  ///< of the record, as Journal::Producer gave it
  SteadyTime since{};
  State state = State::waiting;
  http::Parking* parking = nullptr;
};

class CommitQueue {
 public:
  static constexpr std::chrono::milliseconds kPatience{50};
  static constexpr int kStrikes = 3;

  /// The ticket must live until its state is no longer `waiting`.
  void add(CommitTicket& ticket);
  /// Wakes all whose record is at most `committed`, and releases those who waited too long.
  void settle(std::uint64_t committed, SteadyTime now);

  bool empty() const { return waiting_.empty(); }
  /// Answers are not held at the moment.
  bool degraded() const { return strikes_ >= kStrikes; }

 private:
  void pop(CommitTicket::State state);

  std::deque<CommitTicket*> waiting_;
  std::uint64_t last_committed_ = 0;
  int strikes_ = 0;
};

}  // namespace tallygate
