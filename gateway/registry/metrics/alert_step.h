#pragma once
// When alerts fire and clear. An alert fires at the first look at a value beyond its threshold, and
// once; it clears when the value has been at `clear` or better at every look for a whole window.
// Pure: values, figures and the time are arguments.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gateway/registry/metrics/alert_rule.h"
#include "gateway/registry/metrics/metric_document.h"

namespace tallygate::registry {

enum class AlertChange : std::uint8_t { none, fired, cleared };

/// What a look saw. nullopt: there is no value, which neither fires nor clears.
struct AlertValue {
  std::optional<double> value;
  std::string model_version_id;  ///< whose; empty = of the whole model type
};

struct AlertLook {
  AlertState state;
  AlertChange change = AlertChange::none;
};
/// A clock that was set back only makes the wait for clearing begin anew.
AlertLook after_look(const AlertRule& rule, const AlertValue& seen, WallTime now);

/// Live traffic of one model type over the last `window`. No requests: no value.
struct LiveFigure {
  std::string model_type;
  std::chrono::seconds window{};
  std::uint64_t requests = 0;
  double error_rate = 0;      ///< 0..1, failures that are not the client's doing
  double latency_p95_ms = 0;  ///< of requests that ended well
};
/// The figures, without values, that a tick over `rules` reads.
std::vector<LiveFigure> figures_wanted(std::span<const AlertRule> rules);

/// The worst newest one: of each version the value that was measured last, if within the window;
/// of those the lowest for "below", the highest for "above". `metrics` are of the rule's type and
/// of versions of its model type.
AlertValue value_of_metrics(const AlertRule& rule, std::span<const Metric> metrics, WallTime now);
AlertValue value_of_figures(const AlertRule& rule, std::span<const LiveFigure> figures);

/// A rule with all that a tick knows about it.
struct AlertInput {
  AlertRule rule;
  std::vector<Metric> metrics;  ///< empty for live metrics
};
struct AlertStep {
  AlertRule rule;  ///< in its new state
  AlertChange change = AlertChange::none;
};
/// The rules whose state changed.
std::vector<AlertStep> tick_alerts(std::span<const AlertInput> inputs,
                                   std::span<const LiveFigure> figures, WallTime now);

/// As it is announced and sent: "alert.fired" or "alert.cleared".
std::string_view event_name(AlertChange change);

}  // namespace tallygate::registry
