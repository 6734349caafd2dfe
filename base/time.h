#pragma once
// Two clocks, never mixed: deadlines and durations run on SteadyTime, which no one can set;
// records and documents carry WallTime. Only Worker and Control read either; others are given it.

#include <chrono>
#include <cstdint>

namespace tallygate {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

/// One reading of both clocks, taken once per event-loop turn or per event that needs it.
struct Moment {
  SteadyTime steady;
  WallTime wall;
};

inline std::int64_t micros_since_epoch(WallTime time) { return time.time_since_epoch().count(); }

}  // namespace tallygate
