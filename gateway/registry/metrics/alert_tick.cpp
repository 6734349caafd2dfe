#include "gateway/registry/metrics/alert_tick.h"

#include "gateway/registry/known_versions.h"

namespace tallygate::registry {
namespace {

// The newest of a version's series that can hold its newest value: the running figures of three
// calendar periods come before what was entered, which is written once.
constexpr std::uint32_t kNewestMetrics = 50;

Result<std::vector<Metric>> metrics_for(const store::Catalog& catalog,
                                        const config::Settings& settings, const AlertRule& rule) {
  std::vector<Metric> metrics;
  const auto versions = versions_of(catalog, settings, rule.model_type);
  if (!versions) return versions.error();
  for (const ModelVersion& version : *versions) {
    store::DocumentQuery query;
    query.kind = kMetricKind;
    query.index_keys = {series_key(version.id, rule.metric_type)};
    query.limit = kNewestMetrics;
    const auto page = catalog.list(query);
    if (!page) return page.error();
    for (const store::Document& document : page->documents) {
      auto metric = metric_of(document);
      if (!metric) return metric.error();
      metrics.push_back(std::move(*metric));
    }
  }
  return metrics;
}

Result<bool> write_step(store::Catalog& catalog, const AlertStep& step, WallTime now) {
  store::DocumentWrite write;
  write.kind = kAlertKind;
  write.id = step.rule.id;
  write.body = to_body(step.rule);
  write.index_keys = index_keys_of(step.rule);
  write.expected_revision = step.rule.revision;
  store::Transaction transaction;
  transaction.writes = {std::move(write)};
  transaction.actor = "tallygate";
  transaction.action = step.change == AlertChange::none ? "look" : event_name(step.change);
  transaction.now = now;
  const auto written = catalog.transact(transaction);
  if (written) return true;
  if (written.error().code == Errc::precondition_failed ||
      written.error().code == Errc::not_found) {
    return false;
  }
  return written.error();
}

}  // namespace

Result<std::vector<AlertRule>> standing_alerts(const store::Catalog& catalog) {
  const auto documents = catalog.all(kAlertKind);
  if (!documents) return documents.error();
  std::vector<AlertRule> rules;
  for (const store::Document& document : *documents) {
    auto rule = alert_of(document);
    if (!rule) return rule.error();
    rules.push_back(std::move(*rule));
  }
  return rules;
}

Result<std::vector<AlertStep>> run_alert_tick(store::Catalog& catalog,
                                              const config::Settings& settings,
                                              std::vector<AlertRule> rules,
                                              std::span<const LiveFigure> figures, WallTime now) {
  std::vector<AlertInput> inputs;
  for (AlertRule& rule : rules) {
    AlertInput input{std::move(rule), {}};
    if (!is_live_metric(input.rule.metric_type)) {
      auto metrics = metrics_for(catalog, settings, input.rule);
      if (!metrics) return metrics.error();
      input.metrics = std::move(*metrics);
    }
    inputs.push_back(std::move(input));
  }
  std::vector<AlertStep> told;
  for (AlertStep& step : tick_alerts(inputs, figures, now)) {
    const auto written = write_step(catalog, step, now);
    if (!written && told.empty()) return written.error();
    if (!written) break;  // what is written must be told; the rest is the next tick's
    if (*written && step.change != AlertChange::none) told.push_back(std::move(step));
  }
  return told;
}

}  // namespace tallygate::registry
