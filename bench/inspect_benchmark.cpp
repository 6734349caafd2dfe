#include "gateway/wire/inspect.h"

#include <benchmark/benchmark.h>

#include <string>

namespace tallygate::wire {
namespace {

std::string chat_body(std::size_t prompt_bytes, std::string_view text) {
  std::string prompt;
  while (prompt.size() < prompt_bytes) prompt += text;
  return R"({"model":"assistant","messages":[{"role":"system","content":"You are helpful."},)"
         R"({"role":"user","content":")" +
         prompt +
         R"("}],"temperature":0.7,"max_tokens":256,"stream":true,)"
         R"("stream_options":{"include_usage":true},"user":"user-1234"})";
}

void inspect(benchmark::State& state, const std::string& body) {
  Inspector inspector;
  for (auto _ : state) {
    const auto facts = inspector.inspect(body, 64);
    if (!facts) state.SkipWithError("refused");
    benchmark::DoNotOptimize(facts->stream);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body.size()));
}

void InspectChat(benchmark::State& state) {
  inspect(state, chat_body(static_cast<std::size_t>(state.range(0)), "Tell me a story about it. "));
}
BENCHMARK(InspectChat)->Arg(250)->Arg(32 * 1024)->Arg(400 * 1024);

// Source code as a prompt: an escape every 30 bytes.
void InspectEscapedPrompt(benchmark::State& state) {
  inspect(state, chat_body(400 * 1024, R"(  if (x) return \"a\";  // why\n)"));
}
BENCHMARK(InspectEscapedPrompt);

void InspectManyMessages(benchmark::State& state) {
  std::string body = R"({"model":"assistant","messages":[)";
  for (int i = 0; i < 1'000; ++i) body += R"({"role":"user","content":"a short turn"},)";
  body.back() = ']';
  inspect(state, body + '}');
}
BENCHMARK(InspectManyMessages);

}  // namespace
}  // namespace tallygate::wire
