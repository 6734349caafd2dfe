#include "gateway/control/live_figures.h"

#include <cmath>

#include "router/tally/sketch.h"

namespace tallygate {

LiveFigures::State LiveFigures::state_of(const store::TallySet& tallies, SteadyTime now) {
  router::Tally all;
  for (const auto& [key, tally] : tallies.entries) all.merge(tally);
  return {now, all.requests(), all.failures(), all.latency.zero_count(), all.latency.buckets()};
}

double LiveFigures::latency_p95(const State& before, const State& after) {
  const auto count_in = [&](std::size_t bucket) -> std::uint64_t {
    const std::uint32_t old = bucket < before.buckets.size() ? before.buckets[bucket] : 0;
    return after.buckets[bucket] - old;
  };
  std::uint64_t count = after.at_most_lowest - before.at_most_lowest;
  std::uint64_t seen = count;
  for (std::size_t i = 0; i < after.buckets.size(); ++i) count += count_in(i);
  const auto rank = static_cast<std::uint64_t>(std::ceil(0.95 * static_cast<double>(count)));
  if (seen >= rank) return 0;
  for (std::size_t i = 0; i < after.buckets.size(); ++i) {
    seen += count_in(i);
    if (seen >= rank) {
      return router::Sketch::upper_bound(router::Sketch::kFirstIndex + static_cast<int>(i));
    }
  }
  return 0;
}

void LiveFigures::fill(registry::LiveFigure& figure, const store::TallySet& tallies,
                       SteadyTime now) {
  std::erase_if(states_, [&](const auto& entry) {
    return now - entry.second.back().at > 2 * entry.first.second;  // its alert is gone
  });
  State after = state_of(tallies, now);
  std::deque<State>& states = states_[{figure.model_type, figure.window}];
  // The second oldest will do as the start of the window: drop the one before it.
  while (states.size() > 1 && now - states[1].at >= figure.window) states.pop_front();
  if (!states.empty()) {
    const State& before = states.front();
    figure.requests = after.requests - before.requests;
    if (figure.requests > 0) {
      figure.error_rate = static_cast<double>(after.failures - before.failures) /
                          static_cast<double>(figure.requests);
    }
    figure.latency_p95_ms = latency_p95(before, after);
  }
  if (states.empty() || now - states.back().at >= figure.window / kSteps) {
    states.push_back(std::move(after));
  }
}

}  // namespace tallygate
