#pragma once
// Whether a stream keeps the pace of `min_rate`: the mean over windows of ten seconds, so that a
// model that thinks for a moment is not cut. Time is an argument.

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace tallygate {

class PaceMeter {
 public:
  static constexpr std::chrono::seconds kWindow{10};

  void begin(SteadyTime now) {
    began_ = now;
    bytes_ = 0;
  }
  void add(std::size_t bytes) { bytes_ += bytes; }
  SteadyTime next_look() const { return began_ + kWindow; }

  /// False before next_look(). Then: whether fewer than `rate` bytes a second have come since the
  /// last look; the next window begins.
  bool is_too_slow(SteadyTime now, std::uint32_t rate) {
    if (now < next_look()) return false;
    const double seconds = std::chrono::duration<double>(now - began_).count();
    const bool slow = static_cast<double>(bytes_) < rate * seconds;
    begin(now);
    return slow;
  }

 private:
  SteadyTime began_{};
  std::uint64_t bytes_ = 0;
};

}  // namespace tallygate
