#pragma once
// What an A/B test has to show, and how it is rolled out: reference experiments.md 5.1 and 6.
// A value without a limit (nullopt) is not judged.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tallygate::router {

struct Criteria {
  std::uint64_t min_requests = 0;        ///< started, in every compared arm, before a pass or a win
  std::optional<double> max_error_rate;  ///< 0..1
  std::optional<std::chrono::milliseconds> max_latency_ms;  ///< that `latency_quantile` may reach
  double latency_quantile = 0.95;
  std::optional<double> min_improvement;           ///< relative effect on `metric`, 0.05 = 5 %
  std::optional<double> min_improvement_absolute;  ///< in the metric's own unit
  std::string metric = "error_rate";  ///< error_rate, latency, ttft, cost, or a custom metric
  std::chrono::seconds min_duration{0};
  std::chrono::seconds max_duration{0};  ///< 0 = without end
  bool auto_complete = false;
  std::vector<double> rollout;  ///< percent of the route per stage, ascending; empty = at once
  bool operator==(const Criteria&) const = default;
};

}  // namespace tallygate::router
