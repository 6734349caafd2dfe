// What folding a record costs, and what it costs the journal thread when others take copies: it
// waits meanwhile. The book has 10,000 performance keys, 100 routes with 100 versions each, and 20
// experiments of 4 epochs and 2 variants.

#include "store/tally/tally_book.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>

#include "tests/support/records.h"

namespace tallygate::store {
namespace {

constexpr router::NameId kRoutes = 100;
constexpr router::NameId kVersions = 100;
constexpr std::uint64_t kRecordsOfAKey = 40;

/// Latencies of a version spread over some five octaves.
router::Record record_of(std::uint64_t n, std::mt19937_64& dice) {
  std::lognormal_distribution<double> micros(13, 0.5);
  auto record = testing::small_record(n);
  record.route = 1 + static_cast<router::NameId>(n % kRoutes);
  record.served_version = record.assigned_version =
      1 + static_cast<router::NameId>(n / kRoutes % kVersions);
  record.latency_us = static_cast<std::uint32_t>(std::min(micros(dice), 4e9));
  record.first_token_us = record.latency_us / 4;
  return record;
}

void enroll(router::Record& record, std::mt19937_64& dice) {
  record.experiment = 1 + record.route % 20;
  record.epoch = static_cast<std::uint32_t>(dice() % 4);
  record.variant = static_cast<std::uint8_t>(dice() % 2);
  record.unit_hash = dice() % 20'000 * 0x9E3779B97F4A7C15;
}

TallyBook make_book() {
  TallyBook book;
  std::mt19937_64 dice(1);
  for (std::uint64_t n = 0; n < kRecordsOfAKey * kRoutes * kVersions; ++n) {
    auto record = record_of(n, dice);
    if (record.served_version == 1) enroll(record, dice);
    book.fold(record);
  }
  return book;
}

const TallyBook& the_book() {
  static const TallyBook book = make_book();
  return book;
}

void copy(benchmark::State& state, const router::TallyFilter& filter) {
  std::size_t keys = 0;
  for (auto _ : state) keys = the_book().copy(filter).entries.size();
  state.counters["keys"] = static_cast<double>(keys);
}

void TallyBookCopyOfAnExperiment(benchmark::State& state) {
  router::TallyFilter filter;
  filter.experiment = 7;
  copy(state, filter);
}
BENCHMARK(TallyBookCopyOfAnExperiment)->Unit(benchmark::kMicrosecond);

void TallyBookCopyOfARoute(benchmark::State& state) {
  router::TallyFilter filter;
  filter.route = 7;
  copy(state, filter);
}
BENCHMARK(TallyBookCopyOfARoute)->Unit(benchmark::kMicrosecond);

void TallyBookCopyOfEverything(benchmark::State& state) { copy(state, {}); }
BENCHMARK(TallyBookCopyOfEverything)->Unit(benchmark::kMicrosecond);

void TallyBookTotalsOfEverything(benchmark::State& state) {
  std::size_t keys = 0;
  for (auto _ : state) keys = the_book().totals({}).entries.size();
  state.counters["keys"] = static_cast<double>(keys);
}
BENCHMARK(TallyBookTotalsOfEverything)->Unit(benchmark::kMicrosecond);

/// A few busy keys, as one route with two versions has them.
void TallyBookFold(benchmark::State& state) {
  std::mt19937_64 dice(1);
  std::vector<router::Record> records;
  for (std::uint64_t n = 0; n < 4096; ++n) {
    records.push_back(record_of(n, dice));
    records.back().route = 1;
    records.back().served_version = 1 + n % 2;
    if (state.range(0) == 1) enroll(records.back(), dice);
  }
  TallyBook book;
  std::size_t i = 0;
  for (auto _ : state) book.fold(records[++i % records.size()]);
  benchmark::DoNotOptimize(book.record_count());
}
BENCHMARK(TallyBookFold)->ArgName("enrolled")->Arg(0)->Arg(1);

}  // namespace
}  // namespace tallygate::store
