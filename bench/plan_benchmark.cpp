#include "router/plan.h"

#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "router/selection/auto_pool.h"

namespace tallygate::router {
namespace {

NameId names = 0;
TargetSlot slots = 0;
const Naming kNaming{[](std::string_view) { return ++names; },
                     [](const std::string&, const config::Target&) { return slots++; }};

/// `routes` routes of `versions` versions each, on ten targets, with a fallback; the first
/// `experiments` of them split between their first two versions. All are candidates of `auto`.
config::Settings settings_of(int routes, int versions, int experiments) {
  config::Settings settings;
  for (int t = 0; t < 10; ++t) settings.targets["target-" + std::to_string(t)] = {};
  for (int r = 0; r < routes; ++r) {
    config::Route& route = settings.routes["route-" + std::to_string(r)];
    for (int v = 0; v < versions; ++v) {
      config::Version& version = route.versions["1.0." + std::to_string(v)];
      version.targets = {"target-" + std::to_string((r + v) % 10)};
      version.is_default = v == 0;
    }
    route.fallbacks = {"route-0"};
    settings.auto_pools["default"].candidates.push_back("route-" + std::to_string(r));
    if (r >= experiments) continue;
    config::Experiment experiment;
    experiment.name = "test";
    experiment.variants = {{"a", "1.0.0"}, {"b", "1.0.1"}};
    experiment.split = {{"a", 50}, {"b", 50}};
    experiment.status = config::ExperimentStatus::active;
    route.experiment = experiment;
  }
  return settings;
}

std::shared_ptr<const Snapshot> snapshot_of(int routes, int versions, int experiments) {
  names = slots = 0;
  return build_snapshot(settings_of(routes, versions, experiments), 1, kNaming);
}

void plan(benchmark::State& state) {
  const auto routes = static_cast<int>(state.range(0));
  const auto snapshot =
      snapshot_of(routes, static_cast<int>(state.range(1)), static_cast<int>(state.range(2)));
  const std::array<HealthState, 10> board{};
  const HealthView health{&board, [](const void* states, TargetSlot slot) {
                            return (*static_cast<const std::array<HealthState, 10>*>(states))[slot];
                          }};
  std::vector<std::string> models;
  for (int i = 0; i < 1024; ++i) models.push_back("route-" + std::to_string(i * 7919 % routes));
  std::string unit = "user-0123456789";
  RequestFacts facts;
  const SteadyTime now = SteadyTime{} + std::chrono::hours{1};
  std::uint64_t dice = 0;
  for (auto _ : state) {
    dice += 0x9E3779B97F4A7C15;
    unit[5] = static_cast<char>(dice >> 56);
    facts.unit = unit;
    facts.model = models[dice >> 54];
    auto answer = plan_route(*snapshot, health, facts, now, dice);
    benchmark::DoNotOptimize(answer);
  }
}
BENCHMARK(plan)
    ->ArgNames({"routes", "versions", "experiments"})
    ->Args({1, 1, 0})
    ->Args({1, 2, 1})
    ->Args({1, 10'000, 1})
    ->Args({10'000, 1, 0})
    ->Args({1'000, 10, 1'000});

void plan_auto(benchmark::State& state, const char* model) {
  const auto snapshot = snapshot_of(static_cast<int>(state.range(0)), 10, 1'000);
  std::string unit = "user-0123456789";
  RequestFacts facts;
  facts.model = model;
  facts.last_served = {snapshot->routes[7].name,
                       snapshot->versions[snapshot->routes[7].default_version].name};
  std::uint64_t dice = 0;
  for (auto _ : state) {
    dice += 0x9E3779B97F4A7C15;
    unit[5] = static_cast<char>(dice >> 56);
    facts.unit = unit;
    auto answer = plan_route(*snapshot, {}, facts, {}, dice);
    benchmark::DoNotOptimize(answer);
  }
}
BENCHMARK_CAPTURE(plan_auto, cost, "auto:cost")->ArgName("routes")->Arg(1'000);
BENCHMARK_CAPTURE(plan_auto, continuity, "auto:continuity")->ArgName("routes")->Arg(1'000);

void rebuild(benchmark::State& state) {
  const auto settings = settings_of(1'000, 10, 1'000);
  for (auto _ : state) {
    names = slots = 0;
    benchmark::DoNotOptimize(build_snapshot(settings, 1, kNaming));
  }
}
BENCHMARK(rebuild)->Unit(benchmark::kMillisecond);

/// The same as control does it: the tests' tables come from the catalog.
void rebuild_from_tables(benchmark::State& state) {
  const auto settings = settings_of(1'000, 10, 1'000);
  RunningTests tests;
  for (const auto& [name, route] : settings.routes) {
    RunningTest& test = tests[name];
    test.name = name + "/test";
    test.uuid = config_experiment_uuid(name, "test");
    test.arms = {{"a", "1.0.0"}, {"b", "1.0.1"}};
    test.table = std::make_shared<const SlotTable>();
  }
  for (auto _ : state) {
    names = slots = 0;
    benchmark::DoNotOptimize(build_snapshot(settings, 1, kNaming, nullptr, &tests));
  }
}
BENCHMARK(rebuild_from_tables)->Unit(benchmark::kMillisecond);

void rank_tick(benchmark::State& state) {
  const auto settings = settings_of(1'000, 10, 1'000);
  const auto snapshot = snapshot_of(1'000, 10, 1'000);
  const Performance measured;
  for (auto _ : state) {
    benchmark::DoNotOptimize(rank_again(snapshot, settings, measured, 2));
  }
}
BENCHMARK(rank_tick)->Unit(benchmark::kMillisecond);

void plan_named_version(benchmark::State& state) {
  const auto snapshot = snapshot_of(1, static_cast<int>(state.range(0)), 0);
  RequestFacts facts;
  facts.model = "route-0@1.0.0";
  for (auto _ : state) {
    auto answer = plan_route(*snapshot, {}, facts, {}, 0);
    benchmark::DoNotOptimize(answer);
  }
}
BENCHMARK(plan_named_version)->ArgName("versions")->Arg(1)->Arg(10'000);

}  // namespace
}  // namespace tallygate::router
