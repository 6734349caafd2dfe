// What a record costs: encoding alone, and the whole way from append() to a told worker, as CPU
// time of all threads.

#include <benchmark/benchmark.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>

#include "store/journal/codec/record_codec.h"
#include "store/journal/journal.h"
#include "tests/support/records.h"
#include "tests/support/temporary_directory.h"

namespace tallygate {
namespace {

router::Record answered_record(std::uint64_t n) {
  auto record = testing::small_record(n);
  record.response_id = "chatcmpl-" + std::to_string(n) + "-9aF3kLm2QxYz";
  return record;
}

void EncodeRecord(benchmark::State& state) {
  const auto record = state.range(0) == 0 ? testing::small_record(1) : answered_record(1);
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    store::encode_record(record, bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
}
BENCHMARK(EncodeRecord)->ArgName("response_id")->Arg(0)->Arg(1);

void DecodeRecord(benchmark::State& state) {
  const auto record = answered_record(1);
  std::string bytes;
  store::encode_record(record, bytes);
  for (auto _ : state) benchmark::DoNotOptimize(store::decode_record(record.id, bytes));
}
BENCHMARK(DecodeRecord);

/// One worker with 64 requests in flight that end 16 at a time: it waits until the oldest 16 are
/// committed before it ends the next.
void CommitRecords(benchmark::State& state) {
  constexpr std::uint64_t kBatch = 16;
  constexpr std::uint64_t kInFlight = 64;
  const testing::TemporaryDirectory directory;
  store::Names names;
  auto journal = store::Journal::open({.path = directory / "journal"}, names).value();
  std::mutex mutex;
  std::condition_variable signal;
  auto& producer = journal->add_producer([&] {
    const std::lock_guard lock(mutex);
    signal.notify_one();
  });
  std::uint64_t n = 0;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < kBatch; ++i) {
      ++n;
      producer.append(state.range(0) == 0 ? testing::small_record(n) : answered_record(n));
    }
    producer.hand_over();
    std::unique_lock lock(mutex);
    signal.wait(lock, [&] { return producer.committed() + kInFlight >= n + kBatch; });
  }
  journal->close();
  state.SetItemsProcessed(static_cast<std::int64_t>(n));
  state.counters["cpu_per_record"] = benchmark::Counter(
      static_cast<double>(n), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(CommitRecords)->ArgName("response_id")->Arg(0)->Arg(1)->MeasureProcessCPUTime();

}  // namespace
}  // namespace tallygate
