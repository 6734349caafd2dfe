#include "gateway/wire/splice.h"

#include <benchmark/benchmark.h>

#include <string>

namespace tallygate::wire {
namespace {

void SpliceModelAndUsage(benchmark::State& state) {
  const std::string body =
      R"({"model":"assistant","messages":[{"role":"user","content":"hi"}],"stream":true})";
  const std::string literal = json_literal("gpt-4o-mini");
  Inspector inspector;
  const auto facts = inspector.inspect(body, 64);
  if (!facts) return state.SkipWithError("refused");
  for (auto _ : state) {
    benchmark::DoNotOptimize(splice_body(body, *facts, literal, true));
  }
}
BENCHMARK(SpliceModelAndUsage);

}  // namespace
}  // namespace tallygate::wire
