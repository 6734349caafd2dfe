#include "router/assign.h"

#include <benchmark/benchmark.h>

#include <string>

namespace tallygate::router {
namespace {

constexpr std::uint64_t kSalt = 0x3f8647ebb2f06ee5;
constexpr std::uint32_t kTargets[] = {8000, 2000};

/// What one enrolled request costs: both hashes of its unit and the look-up.
void assign(benchmark::State& state) {
  const SlotTable table = make_table(kSalt, kTargets);
  std::string unit(static_cast<std::size_t>(state.range(0)), 'u');
  std::uint64_t counter = 0;
  for (auto _ : state) {
    unit[0] = static_cast<char>(++counter);
    benchmark::DoNotOptimize(hash_unit(unit, 0));
    benchmark::DoNotOptimize(table[slot_of(hash_unit(unit, kSalt))]);
  }
}
BENCHMARK(assign)->Arg(8)->Arg(36)->Arg(128)->Arg(512);

void make_slot_table(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(make_table(kSalt, kTargets));
}
BENCHMARK(make_slot_table)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tallygate::router
