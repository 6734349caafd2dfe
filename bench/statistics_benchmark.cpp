// What one look at a test costs the control thread.

#include <benchmark/benchmark.h>

#include <random>
#include <string>

#include "router/statistics/analysis.h"
#include "router/statistics/compare_quantiles.h"

namespace tallygate::router {
namespace {

void evalue(benchmark::State& state) {
  const auto requests = static_cast<double>(state.range(0));
  const Count count{requests / 90, requests};
  for (auto _ : state) benchmark::DoNotOptimize(log_e_above(count, .01));
}
BENCHMARK(evalue)->Arg(1000)->Arg(1'000'000)->Arg(100'000'000)->Arg(1'000'000'000'000);

void limit_check(benchmark::State& state) {
  const Count count{10'000, 1'000'000};
  for (auto _ : state) benchmark::DoNotOptimize(check_limit("max_error_rate", count, .01, true));
}
BENCHMARK(limit_check);

ArmEvidence make_arm(const std::string& name, std::size_t epochs) {
  ArmEvidence arm{name, {}};
  for (std::size_t e = 0; e < epochs; ++e) {
    EpochEvidence epoch;
    epoch.started = epoch.completed = 50'000'000;
    epoch.errors = 500'000;
    epoch.users = 1'000'000;
    epoch.planned_share = .5;
    for (const std::string_view metric : {kErrorRate, kLatency, kFirstToken, kCost, kTokens}) {
      MetricEvidence& evidence = epoch.metrics[std::string(metric)];
      for (std::size_t i = 0; i < kSubBucketCount; ++i) {
        evidence.groups.push_back({780'000, 7800 + static_cast<double>(i * i % 97)});
      }
    }
    arm.epochs.push_back(epoch);
  }
  return arm;
}

/// Two arms, five metrics, so many epochs, a hundred million requests in each.
void analysis(benchmark::State& state) {
  Criteria criteria;
  criteria.max_error_rate = .02;
  criteria.max_latency_ms = std::chrono::milliseconds(2000);
  const auto epochs = static_cast<std::size_t>(state.range(0));
  const Evidence evidence{{make_arm("a", epochs), make_arm("b", epochs)}, kFullDay};
  for (auto _ : state) benchmark::DoNotOptimize(analyse(criteria, evidence));
}
BENCHMARK(analysis)->Arg(1)->Arg(20)->Unit(benchmark::kMicrosecond);

/// Half a hundred million latencies over some five octaves: a sketch merged with itself doubles.
Sketch make_sketch() {
  std::mt19937_64 dice(1);
  std::lognormal_distribution<double> micros(13, 0.5);
  Sketch sketch;
  for (int i = 0; i < 1000; ++i) sketch.insert_micros(static_cast<std::uint64_t>(micros(dice)));
  while (sketch.count() < 50'000'000) sketch.merge(Sketch(sketch));
  return sketch;
}

/// p50 and p95 of latency and ttft, two arms, so many epochs.
void quantiles(benchmark::State& state) {
  const Sketch sketch = make_sketch();
  const auto epochs = static_cast<std::size_t>(state.range(0));
  Evidence evidence{{make_arm("a", epochs), make_arm("b", epochs)}, kFullDay};
  for (ArmEvidence& arm : evidence.arms) {
    for (EpochEvidence& epoch : arm.epochs) epoch.latency = epoch.first_token = sketch;
  }
  for (auto _ : state) benchmark::DoNotOptimize(compare_quantiles(evidence));
}
BENCHMARK(quantiles)->Arg(1)->Arg(4)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tallygate::router
