#include "gateway/control/view/routing_table.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>

#include "gateway/registry/effective_settings.h"
#include "gateway/registry/experiments/ab_test_rules.h"
#include "gateway/registry/experiments/config_tests.h"
#include "gateway/registry/experiments/experiment_tables.h"
#include "router/selection/fallbacks.h"

namespace tallygate {
namespace {

/// Whether what was measured has any say.
bool is_ranked(const config::Settings& settings) {
  return !settings.auto_pools.empty() || router::has_fallbacks_to_rank(settings);
}

/// `stored` as it will be once `changed` is written.
std::vector<registry::AbTest> with_changes(std::vector<registry::AbTest> stored,
                                           std::span<const registry::AbTest> changed) {
  for (const registry::AbTest& test : changed) {
    const auto known = std::ranges::find(stored, test.id, &registry::AbTest::id);
    if (known == stored.end()) {
      stored.push_back(test);
    } else {
      *known = test;
    }
  }
  return stored;
}

}  // namespace

RoutingTable::RoutingTable(asio::io_context& io, HealthBoard& health, store::Names& names,
                           store::Catalog& catalog, store::Journal& journal,
                           const Certificates& certificates)
    : io_(io),
      catalog_(catalog),
      journal_(journal),
      builder_(health, names, certificates),
      resolver_(io) {}

Result<RoutingTable::View> RoutingTable::prepare(FileSettings file, std::uint32_t worker_count,
                                                 WallTime now) {
  if (auto followed = documents_.follow(catalog_); followed.has_error()) return followed.error();
  builder_.set_worker_count(worker_count);
  const auto tests = registry::follow_config(*file, *documents_.ab_tests(), now);
  if (auto written = write_tests(tests, now); written.has_error()) return written.error();
  auto view = builder_.build(routing_of(*file, *documents_.ab_tests()), measured(*file));
  if (view.has_error()) return view.error();
  file_ = std::move(file);
  view_ = *view;
  slots_ = builder_.slots_by_name();
  return view;
}

void RoutingTable::begin(std::vector<std::unique_ptr<Worker>>& workers) {
  workers_ = &workers;
  resolver_.watch(view_->targets);
}

Result<void> RoutingTable::change_file(FileSettings file, WallTime now) {
  const std::lock_guard one_at_a_time(changing_);
  const auto tests = registry::follow_config(*file, *documents_.ab_tests(), now);
  const auto all = with_changes(*documents_.ab_tests(), tests);
  const auto view = build(routing_of(*file, all));
  if (view.has_error()) return view.error();
  if (auto written = write_tests(tests, now); written.has_error()) return written.error();
  {
    const std::lock_guard lock(mutex_);
    file_ = std::move(file);
  }
  adopt(*view);
  return {};
}

Result<void> RoutingTable::publish() {
  const std::lock_guard one_at_a_time(changing_);
  const auto view = build(routing_of(*this->file(), *documents_.ab_tests()));
  if (view.has_error()) return view.error();
  adopt(*view);
  return {};
}

void RoutingTable::adopt_certificates() {
  const std::lock_guard one_at_a_time(changing_);
  adopt(builder_.with_certificates(view()));
}

void RoutingTable::publish_keys() {
  const std::lock_guard one_at_a_time(changing_);
  const View before = view();
  std::promise<View> built;
  asio::post(io_, [&] { built.set_value(builder_.with_keys(before, documents_.keys())); });
  adopt(built.get_future().get());
}

void RoutingTable::rank_again() {
  const std::lock_guard one_at_a_time(changing_);
  const View before = view();
  if (!is_ranked(*before->settings)) return;
  const router::Performance figures = measured(*before->settings);
  std::promise<View> ranked;
  asio::post(io_, [&] { ranked.set_value(builder_.ranked_again(before, figures)); });
  const View after = ranked.get_future().get();
  if (after != before) adopt(after);
}

Routing RoutingTable::routing_of(const config::Settings& file,
                                 std::span<const registry::AbTest> tests) {
  auto effective = registry::effective_settings(file, *documents_.versions(), tests,
                                                config::real_surroundings());
  for (const std::string& warning : effective.warnings) {
    if (std::ranges::find(warned_, warning) == warned_.end()) spdlog::warn("{}", warning);
  }
  warned_ = std::move(effective.warnings);
  // Of the catalog's only what is not left out; the file's are those of the settings anyway.
  std::vector<registry::AbTest> kept;
  for (const registry::AbTest& test : tests) {
    if (test.origin == registry::Origin::config) kept.push_back(test);
  }
  for (auto& [route, test] : effective.tests) kept.push_back(std::move(test));
  return {std::make_shared<const config::Settings>(std::move(effective.settings)),
          registry::experiment_tables(kept), documents_.keys()};
}

Result<void> RoutingTable::write_tests(std::span<const registry::AbTest> tests, WallTime now) {
  if (tests.empty()) return {};
  store::Transaction transaction;
  for (const registry::AbTest& test : tests) {
    transaction.writes.push_back(registry::write_of(test));
  }
  transaction.actor = "configuration file";
  transaction.action = "follow the file";
  transaction.now = now;
  const auto written = catalog_.transact(transaction);
  if (written.has_error()) return written.error();
  return {};
}

Result<RoutingTable::View> RoutingTable::build(const Routing& routing) {
  const router::Performance figures = measured(*routing.settings);
  std::promise<Result<View>> built;
  asio::post(io_, [&] { built.set_value(builder_.build(routing, figures)); });
  return built.get_future().get();
}

void RoutingTable::adopt(const View& view) {
  asio::post(io_, [this, view] { resolver_.watch(view->targets); });
  {
    const std::lock_guard lock(mutex_);
    view_ = view;
    slots_ = builder_.slots_by_name();
  }
  std::vector<std::promise<void>> adopted(workers_->size());
  for (std::size_t i = 0; i < workers_->size(); ++i) {
    (*workers_)[i]->adopt(view, [&adopted, i] { adopted[i].set_value(); });
  }
  for (auto& each : adopted) each.get_future().wait();
}

router::Performance RoutingTable::measured(const config::Settings& settings) const {
  router::Performance performance;
  if (!is_ranked(settings)) return performance;  // nobody asks
  const store::TotalsSet totals =
      journal_.totals(router::TallyFilter{.kind = router::TallyKey::Kind::performance});
  for (const auto& [key, figures] : totals.entries) performance.add(key, figures);
  return performance;
}

RoutingTable::FileSettings RoutingTable::file() const {
  const std::lock_guard lock(mutex_);
  return file_;
}

RoutingTable::View RoutingTable::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

std::optional<router::TargetSlot> RoutingTable::slot_of(router::NameId target) const {
  const std::lock_guard lock(mutex_);
  const auto known = slots_.find(target);
  if (known == slots_.end()) return std::nullopt;
  return known->second;
}

std::map<router::NameId, router::TargetSlot> RoutingTable::slots() const {
  const std::lock_guard lock(mutex_);
  return slots_;
}

}  // namespace tallygate
