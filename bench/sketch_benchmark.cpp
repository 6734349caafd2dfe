#include "router/tally/sketch.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

#include "router/tally/tally.h"

namespace tallygate::router {
namespace {

/// Latencies around 160 ms, so that neither bucket nor branch is foreseeable.
std::array<std::uint32_t, 4096> latencies() {
  std::mt19937_64 dice(1);
  std::lognormal_distribution<double> micros(12, 1.5);
  std::array<std::uint32_t, 4096> values{};
  for (auto& value : values) value = static_cast<std::uint32_t>(std::min(micros(dice), 4e9));
  return values;
}

void sketch_insert(benchmark::State& state) {
  const auto values = latencies();
  Sketch sketch;
  std::size_t i = 0;
  for (auto _ : state) sketch.insert_micros(values[++i % values.size()]);
  benchmark::DoNotOptimize(sketch.count());
}
BENCHMARK(sketch_insert);

void sketch_merge(benchmark::State& state) {
  Sketch from;
  for (const auto value : latencies()) from.insert_micros(value);
  Sketch into;
  for (auto _ : state) into.merge(from);
  benchmark::DoNotOptimize(into.count());
}
BENCHMARK(sketch_merge);

void sketch_quantile(benchmark::State& state) {
  Sketch sketch;
  for (const auto value : latencies()) sketch.insert_micros(value);
  for (auto _ : state) benchmark::DoNotOptimize(sketch.quantile(0.95));
}
BENCHMARK(sketch_quantile);

void tally_fold(benchmark::State& state) {
  const auto values = latencies();
  Tally tally;
  Record record;
  std::size_t i = 0;
  for (auto _ : state) {
    record.latency_us = values[++i % values.size()];
    record.first_token_us = record.latency_us / 4;
    tally.fold(record);
  }
  benchmark::DoNotOptimize(tally.requests());
}
BENCHMARK(tally_fold);

void tally_encode(benchmark::State& state) {
  Tally tally;
  Record record;
  for (const auto value : latencies()) {
    record.latency_us = value;
    tally.fold(record);
  }
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    tally.encode(bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
}
BENCHMARK(tally_encode);

}  // namespace
}  // namespace tallygate::router
