#pragma once
// Error rate and latency of the last while, for alerts: what was counted by now, less what had been
// counted a window ago. Tallies only grow, so a few old states per window are kept, from the start
// of the process on; until a whole window has passed, the figure is of what has. Not thread-safe.

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "gateway/registry/metrics/alert_step.h"
#include "store/journal/journal.h"

namespace tallygate {

class LiveFigures {
 public:
  /// A window slides in this many steps.
  static constexpr int kSteps = 60;

  /// `tallies` are the performance tallies of the figure's model type.
  void fill(registry::LiveFigure& figure, const store::TallySet& tallies, SteadyTime now);

 private:
  struct State {
    SteadyTime at{};
    std::uint64_t requests = 0;
    std::uint64_t failures = 0;
    std::uint64_t at_most_lowest = 0;    ///< latencies below the sketch's range
    std::vector<std::uint32_t> buckets;  ///< as Sketch::buckets()
  };
  using Key = std::pair<std::string, std::chrono::seconds>;

  static State state_of(const store::TallySet& tallies, SteadyTime now);
  static double latency_p95(const State& before, const State& after);

  std::map<Key, std::deque<State>> states_;  ///< oldest first
};

}  // namespace tallygate
