#include <benchmark/benchmark.h>

#include <string>

#include "gateway/telemetry/metrics.h"

namespace tallygate::telemetry {
namespace {

GenAiSample sample_of(const router::Record& record) {
  GenAiSample sample;
  sample.record = &record;
  sample.operation = "chat";
  sample.server_address = 7;
  sample.server_port = 9001;
  sample.upstream_model = 8;
  sample.variant_name = 9;
  return sample;
}

/// What one request costs: argument = routes in use, each with its own labels.
void CountRequest(benchmark::State& state) {
  WorkerMetrics metrics(make_series_limit());
  router::Record record;
  record.streamed = state.range(1) != 0;
  record.first_token_us = 200'000;
  record.input_tokens = 120;
  record.output_tokens = 140;
  const GenAiSample sample = sample_of(record);
  const auto routes = static_cast<std::uint32_t>(state.range(0));
  std::uint32_t turn = 0;
  for (auto _ : state) {
    ++turn;
    record.route = 10 + turn % routes;
    record.latency_us = 900'000 + (turn * 7919) % 400'000;
    record.overhead_us = 30 + turn % 64;
    metrics.add_active_requests("POST", false, 1);
    metrics.count_inference(sample);
    metrics.count_attempt({7, 9001, 200, "", record.latency_us});
    metrics.count_http(
        {"POST", "/v1/chat/completions", 200, false, "", record.latency_us, 480, 570});
    metrics.add_active_requests("POST", false, -1);
  }
}
BENCHMARK(CountRequest)->ArgNames({"routes", "stream"})->ArgsProduct({{1, 16, 500, 5000}, {0, 1}});

void CountOutputChunk(benchmark::State& state) {
  ChunkGaps gaps;
  std::uint64_t gap = 0;
  for (auto _ : state) {
    gap = (gap * 1'103'515'245 + 12'345) & 0x7FFFF;
    gaps.add(gap);
    benchmark::DoNotOptimize(gaps);
  }
}
BENCHMARK(CountOutputChunk);

void MergeChunkGaps(benchmark::State& state) {
  WorkerMetrics metrics(make_series_limit());
  router::Record record;
  ChunkGaps gaps;
  for (std::uint64_t i = 0; i < 200; ++i) gaps.add(i * 1'000);
  GenAiSample sample = sample_of(record);
  sample.gaps = &gaps;
  for (auto _ : state) metrics.count_inference(sample);
}
BENCHMARK(MergeChunkGaps);

}  // namespace
}  // namespace tallygate::telemetry
