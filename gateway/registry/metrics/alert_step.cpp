#include "gateway/registry/metrics/alert_step.h"

#include <map>

namespace tallygate::registry {
namespace {

bool is_beyond(const AlertRule& rule, double value) {
  return rule.is_below ? value < rule.threshold : value > rule.threshold;
}

bool is_well(const AlertRule& rule, double value) {
  return rule.is_below ? value >= rule.clear : value <= rule.clear;
}

void enter(AlertState& state, AlertPhase phase, const AlertValue& seen, WallTime now) {
  state.phase = phase;
  state.since = now;
  state.value = seen.value;
  state.model_version_id = seen.model_version_id;
}

}  // namespace

AlertLook after_look(const AlertRule& rule, const AlertValue& seen, WallTime now) {
  AlertLook look{rule.state};
  AlertState& state = look.state;
  const bool beyond = seen.value && is_beyond(rule, *seen.value);
  const bool well = seen.value && is_well(rule, *seen.value);
  switch (state.phase) {
    case AlertPhase::quiet:
      if (!beyond) break;
      enter(state, AlertPhase::firing, seen, now);
      state.fired_at = now;
      ++state.firings;
      look.change = AlertChange::fired;
      break;
    case AlertPhase::firing:
      if (well) enter(state, AlertPhase::clearing, seen, now);
      break;
    case AlertPhase::clearing:
      if (!well) {
        enter(state, AlertPhase::firing, seen, now);
      } else if (now < state.since) {
        state.since = now;
      } else if (now - state.since >= rule.window) {
        enter(state, AlertPhase::quiet, seen, now);
        state.cleared_at = now;
        look.change = AlertChange::cleared;
      }
      break;
  }
  return look;
}

std::vector<LiveFigure> figures_wanted(std::span<const AlertRule> rules) {
  std::map<std::pair<std::string, std::chrono::seconds>, LiveFigure> wanted;
  for (const AlertRule& rule : rules) {
    if (!is_live_metric(rule.metric_type)) continue;
    wanted[{rule.model_type, rule.window}] = {rule.model_type, rule.window, 0, 0, 0};
  }
  std::vector<LiveFigure> figures;
  for (auto& [key, figure] : wanted) figures.push_back(std::move(figure));
  return figures;
}

AlertValue value_of_metrics(const AlertRule& rule, std::span<const Metric> metrics, WallTime now) {
  std::map<std::string_view, const Metric*> newest;  // by version
  for (const Metric& metric : metrics) {
    if (metric.measured_at < now - rule.window) continue;
    const Metric*& known = newest[metric.model_version_id];
    // Of computed figures that changed together the one of the shortest period: it says most about
    // today.
    if (known == nullptr || metric.measured_at > known->measured_at ||
        (metric.measured_at == known->measured_at && metric.period < known->period)) {
      known = &metric;
    }
  }
  AlertValue worst;
  for (const auto& [version, metric] : newest) {
    const bool worse = !worst.value || (rule.is_below ? metric->value < *worst.value
                                                      : metric->value > *worst.value);
    if (worse) worst = {metric->value, std::string(version)};
  }
  return worst;
}

AlertValue value_of_figures(const AlertRule& rule, std::span<const LiveFigure> figures) {
  for (const LiveFigure& figure : figures) {
    if (figure.model_type != rule.model_type || figure.window != rule.window) continue;
    if (figure.requests == 0) return {};
    return {rule.metric_type == kErrorRate ? figure.error_rate : figure.latency_p95_ms, {}};
  }
  return {};
}

std::vector<AlertStep> tick_alerts(std::span<const AlertInput> inputs,
                                   std::span<const LiveFigure> figures, WallTime now) {
  std::vector<AlertStep> steps;
  for (const AlertInput& input : inputs) {
    const AlertValue seen = is_live_metric(input.rule.metric_type)
                                ? value_of_figures(input.rule, figures)
                                : value_of_metrics(input.rule, input.metrics, now);
    AlertLook look = after_look(input.rule, seen, now);
    if (look.state == input.rule.state) continue;
    AlertStep step{input.rule, look.change};
    step.rule.state = std::move(look.state);
    steps.push_back(std::move(step));
  }
  return steps;
}

std::string_view event_name(AlertChange change) {
  switch (change) {
    case AlertChange::none: return "";
    case AlertChange::fired: return "alert.fired";
    case AlertChange::cleared: return "alert.cleared";
  }
  return "";
}

}  // namespace tallygate::registry
