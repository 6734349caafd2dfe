#pragma once
// How far a client is behind with an answer that is under way, and what follows from it (reference
// wire.md section 3.5): from kPause queued bytes on its upstream is not read until kResume are
// left; and a client that takes nothing of what waits for it is given up after a while. The queue
// is empty for whoever reads as fast as the model speaks. Pure: time and counts are arguments.

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/time.h"
#include "config/settings.h"

namespace tallygate {

class Backlog {
 public:
  static constexpr std::size_t kPause = kMaxQueuedToClientBytes;
  static constexpr std::size_t kResume = kPause / 2;
  static constexpr std::chrono::seconds kPatienceOfUpstreams{1};

  /// After bytes were queued or sent: `queued` wait for the client, `sent` of the answer are out.
  void note(std::size_t queued, std::uint64_t sent, SteadyTime now) {
    if (queued_ == 0 || sent != sent_) progress_ = now;
    queued_ = queued;
    sent_ = sent;
    const bool was_paused =
        std::exchange(paused_, queued >= kPause || (paused_ && queued > kResume));
    if (paused_ && !was_paused) paused_since_ = now;
    if (was_paused) longest_pause_ = std::max(longest_pause_, now - paused_since_);
  }

  /// Whether the upstream was kept from sending so long that it may have lost its patience.
  bool held_upstream_up() const { return longest_pause_ >= kPatienceOfUpstreams; }
  bool empty() const { return queued_ == 0; }
  bool pauses_upstream() const { return paused_; }
  /// When the client has taken nothing for `patience` (zero = any time).
  SteadyTime given_up_at(config::Duration patience) const {
    return queued_ == 0 || patience.count() == 0 ? SteadyTime::max() : progress_ + patience;
  }

 private:
  std::size_t queued_ = 0;
  std::uint64_t sent_ = 0;
  SteadyTime progress_{};  ///< when bytes went last, or began to wait
  bool paused_ = false;
  SteadyTime paused_since_{};
  SteadyTime::duration longest_pause_{};
};

}  // namespace tallygate
