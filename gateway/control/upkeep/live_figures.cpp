#include "gateway/control/upkeep/live_figures.h"

#include <algorithm>
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

/// From the end of the series to its beginning: what came after a point had not been counted there.
std::deque<LiveFigures::State> LiveFigures::states_before(
    const State& after, const registry::LiveFigure& figure,
    std::span<const store::SeriesPoint> points, Moment now) {
  const auto bucket =
      figure.window <= std::chrono::hours{24} ? std::chrono::minutes{1} : std::chrono::minutes{60};
  std::deque<State> states;
  State state = after;
  const auto add = [&](SteadyTime at, bool is_first) {
    if (!is_first && !states.empty() && states.front().at - at < figure.window / kSteps) return;
    state.at = at;
    states.push_front(state);
  };
  for (std::size_t i = points.size(); i-- > 0;) {
    const router::Totals& totals = points[i].totals;
    const SteadyTime at = now.steady - (now.wall - points[i].start);
    add(std::min<SteadyTime>(at + bucket, now.steady), false);
    state.requests -= std::min(state.requests, totals.requests);
    state.failures -= std::min(state.failures, totals.failures);
    add(at, i == 0);
  }
  return states;
}

void LiveFigures::fill(registry::LiveFigure& figure, const store::TallySet& tallies, Moment moment,
                       const History& history) {
  const SteadyTime now = moment.steady;
  std::erase_if(states_, [&](const auto& entry) {
    return now - entry.second.back().at > 2 * entry.first.second;  // its alert is gone
  });
  State after = state_of(tallies, now);
  const auto [known, is_new] = states_.try_emplace({figure.model_type, figure.window});
  std::deque<State>& states = known->second;
  if (is_new) states = states_before(after, figure, history(figure), moment);
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
