#pragma once
// Error rate and latency of the last while, for alerts: what was counted by now, less what had been
// counted a window ago. Tallies only grow, so a few old states per window are kept. What was
// counted before a figure is first asked for is known from the time series, to the minute (to the
// hour beyond a day); series hold no latencies but sums, so until a whole window has passed the
// p95 is of the requests since then. Not thread-safe.

#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "gateway/registry/metrics/alert_step.h"
#include "store/journal/journal.h"
#include "store/tally/series.h"

namespace tallygate {

class LiveFigures {
 public:
  /// A window slides in this many steps.
  static constexpr int kSteps = 60;

  /// The series of a figure's model type, ascending, over its window up to now.
  using History = std::function<std::vector<store::SeriesPoint>(const registry::LiveFigure&)>;

  /// `tallies` are the performance tallies of the figure's model type. `history` is read the first
  /// time only.
  void fill(registry::LiveFigure& figure, const store::TallySet& tallies, Moment now,
            const History& history);

 private:
  struct State {
    SteadyTime at{};
    std::uint64_t requests = 0;
    std::uint64_t failures = 0;
    std::uint64_t at_most_lowest = 0;    ///< latencies below the sketch's range
    std::vector<std::uint32_t> buckets;  ///< as Sketch::buckets()
  };
  using Key = std::pair<std::string, std::chrono::seconds>;

  static std::deque<State> states_before(const State& after, const registry::LiveFigure& figure,
                                         std::span<const store::SeriesPoint> points, Moment now);
  static State state_of(const store::TallySet& tallies, SteadyTime now);
  static double latency_p95(const State& before, const State& after);

  std::map<Key, std::deque<State>> states_;  ///< oldest first
};

}  // namespace tallygate
