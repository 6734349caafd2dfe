#include "gateway/control/upkeep/ticks.h"

#include <spdlog/spdlog.h>

#include "gateway/api/metrics/alerts.h"
#include "gateway/registry/experiments/ab_test_evidence.h"
#include "gateway/registry/experiments/ab_test_tick.h"
#include "gateway/registry/file_versions.h"
#include "gateway/registry/metrics/alert_tick.h"
#include "gateway/registry/version_catalog.h"
#include "store/tally/unit_counts.h"

namespace tallygate {

void Ticks::run(Moment now) {
  looks_ = now.steady >= next_look_;
  if (looks_) next_look_ = now.steady + kLookInterval;
  move_tests(now.wall);
  judge_alerts(now);
  if (now.steady < next_ranking_) return;
  next_ranking_ = now.steady + kRankInterval;
  forget_ended_tests();
  routing_.rank_again();
}

void Ticks::move_tests(WallTime now) {
  const auto tests = routing_.documents().ab_tests();
  if (tests->empty()) return;
  std::vector<registry::ModelVersion> versions = registry::file_versions(*routing_.file());
  const auto stored = routing_.documents().versions();
  versions.insert(versions.end(), stored->begin(), stored->end());
  registry::TickInput input;
  input.tests = *tests;
  input.versions = versions;
  input.now = now;
  input.look_at = [&](const registry::AbTest& test) { return look_at(test, now); };
  input.promote = [&](const std::string& id) -> Result<std::vector<store::DocumentWrite>> {
    for (const registry::ModelVersion& version : *stored) {
      if (version.id == id) return registry::default_writes(process_.catalog, version);
    }
    return make_error(Errc::conflict, "the configuration file sets the default of this route");
  };
  bool moved = false;
  for (registry::TickMove& move : registry::tick(input)) {
    store::Transaction transaction;
    transaction.writes = std::move(move.writes);
    transaction.actor = "tallygate";
    transaction.action = move.action;
    transaction.now = now;
    const auto written = process_.catalog.transact(transaction);
    if (written.has_error()) {
      // Somebody else moved it first, or the disk refuses: what is still due is seen again.
      if (written.error().message != last_failure_) {
        spdlog::warn("experiment: {}: {}", move.action, written.error().message);
      }
      last_failure_ = written.error().message;
      continue;
    }
    moved = true;
    spdlog::info("experiment {}: {}: {}", to_string(move.test), move.action, move.reason);
    process_.events.publish("experiment.moved", registry::event_of(move));
  }
  if (!moved) return;
  const auto published = routing_.publish();
  if (published.has_error()) spdlog::error("routing: {}", published.error().message);
}

std::optional<router::Look> Ticks::look_at(const registry::AbTest& test, WallTime now) {
  if (!looks_) return std::nullopt;
  registry::AbTestCounts counts;
  const router::NameId name = process_.names.intern(registry::record_name(test));
  counts.tallies = process_.journal.tallies(
      router::TallyFilter{.kind = router::TallyKey::Kind::variant, .experiment = name});
  counts.units = process_.journal.units(name);
  auto custom = registry::custom_metrics(process_.catalog, test.id);
  if (custom.has_value()) counts.custom = std::move(*custom);
  return registry::look_at(test, counts, now, srm_p_.try_emplace(test.id, 1.0).first->second);
}

void Ticks::forget_ended_tests() {
  for (const registry::AbTest& test : *routing_.documents().ab_tests()) {
    if (!test.ended) continue;
    srm_p_.erase(test.id);
    const router::NameId name = process_.names.find(registry::record_name(test));
    if (name == 0) continue;
    const store::UnitCounts units = process_.journal.units(name);
    if (!units.frozen && !units.arms.empty()) {
      static_cast<void>(process_.journal.forget_experiment(name));  // else the next time
    }
  }
}

std::vector<store::SeriesPoint> Ticks::history_of(const registry::LiveFigure& figure,
                                                  WallTime now) const {
  store::SeriesQuery query;
  query.keys.kind = router::TallyKey::Kind::performance;
  query.keys.route = process_.names.find(figure.model_type);
  const bool is_short = figure.window <= std::chrono::hours{24};
  query.resolution = is_short ? store::Resolution::minute : store::Resolution::hour;
  query.from = now - figure.window;
  query.to = now + std::chrono::minutes{1};
  auto points = process_.journal.series(query);
  return points.has_value() ? std::move(*points) : std::vector<store::SeriesPoint>();
}

void Ticks::judge_alerts(Moment now) {
  auto rules = registry::standing_alerts(process_.catalog);
  if (rules.has_error() || rules->empty()) return;
  std::vector<registry::LiveFigure> figures = registry::figures_wanted(*rules);
  for (registry::LiveFigure& figure : figures) {
    const router::NameId route = process_.names.intern(figure.model_type);
    figures_.fill(figure,
                  process_.journal.tallies(router::TallyFilter{
                      .kind = router::TallyKey::Kind::performance, .route = route}),
                  now, [&](const registry::LiveFigure& of) { return history_of(of, now.wall); });
  }
  const auto steps = registry::run_alert_tick(process_.catalog, *routing_.file(), std::move(*rules),
                                              figures, now.wall);
  if (steps.has_error()) return;
  for (const registry::AlertStep& step : *steps) tell(step, now.wall);
}

void Ticks::tell(const registry::AlertStep& step, WallTime now) {
  const std::string_view name = registry::event_name(step.change);
  const std::string data = api::render_alert_event(step);
  spdlog::warn("{}: {}", name, data);
  process_.events.publish(name, data);
  if (step.rule.webhook_url.empty()) return;
  Webhook webhook;
  webhook.id = step.rule.id + "-" + std::to_string(step.rule.revision);
  webhook.type = name;
  webhook.created = now;
  webhook.data = data;
  webhook.url = step.rule.webhook_url;
  webhook.secret_ref = step.rule.secret_ref;
  webhook.allow_private = step.rule.allow_private;
  webhooks_.send(std::move(webhook));
}

}  // namespace tallygate
