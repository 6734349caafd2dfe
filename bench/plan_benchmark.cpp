#include "router/plan.h"

#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace tallygate::router {
namespace {

/// `routes` routes of `versions` versions each, on ten targets, every route with an experiment
/// between its first two versions if it has two, and with a fallback.
std::shared_ptr<const Snapshot> snapshot_of(int routes, int versions) {
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
  }
  if (versions > 1) {
    config::Experiment experiment;
    experiment.name = "test";
    experiment.variants = {{"a", "1.0.0"}, {"b", "1.0.1"}};
    experiment.split = {{"a", 50}, {"b", 50}};
    experiment.status = config::ExperimentStatus::active;
    settings.routes["route-0"].experiment = experiment;
  }
  NameId names = 0;
  TargetSlot slots = 0;
  const Naming naming{[&](std::string_view) { return ++names; },
                      [&](const std::string&, const config::Target&) { return slots++; }};
  return build_snapshot(settings, 1, naming);
}

void plan(benchmark::State& state) {
  const auto routes = static_cast<int>(state.range(0));
  const auto snapshot = snapshot_of(routes, static_cast<int>(state.range(1)));
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
BENCHMARK(plan)->ArgNames({"routes", "versions"})->Args({1, 1})->Args({1, 2});
BENCHMARK(plan)->ArgNames({"routes", "versions"})->Args({1, 10'000})->Args({10'000, 1});

void plan_named_version(benchmark::State& state) {
  const auto snapshot = snapshot_of(1, static_cast<int>(state.range(0)));
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
