#pragma once
// The one place in the data plane where clocks are read. Workers call it once per turn and at the
// few points of a request whose microseconds are recorded; all others are given the time.

#include "base/time.h"

namespace tallygate {

inline SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

inline Moment read_clocks() {
  return {steady_now(),
          std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now())};
}

}  // namespace tallygate
