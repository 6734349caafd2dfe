#pragma once
// One line in the log per failed attempt, but at most kLinesPerSecond for a target, so that one
// that is down under full load does not flood it: what was left out is counted in the next line.
// Each attempt is in its request's record all the same. One worker's own; time is an argument.

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "router/plan.h"

namespace tallygate {

class AttemptLog {
 public:
  static constexpr std::uint32_t kLinesPerSecond = 5;

  /// Nothing = no line now; else how many were left out since the last one.
  std::optional<std::uint32_t> take_line(router::TargetSlot slot, SteadyTime now) {
    if (slot >= entries_.size()) entries_.resize(slot + std::size_t{1});
    Entry& entry = entries_[slot];
    if (now - entry.second >= std::chrono::seconds{1}) {
      entry.second = now;
      entry.lines = 0;
    }
    if (entry.lines == kLinesPerSecond) {
      ++entry.left_out;
      return std::nullopt;
    }
    ++entry.lines;
    return std::exchange(entry.left_out, 0);
  }

 private:
  struct Entry {
    SteadyTime second{};
    std::uint32_t lines = 0;
    std::uint32_t left_out = 0;
  };
  std::vector<Entry> entries_;  ///< by TargetSlot
};

struct Exchange;

/// The line of the exchange's last attempt, if it failed by anyone but the client.
void log_attempt(Exchange& exchange, const Error& error);

}  // namespace tallygate
