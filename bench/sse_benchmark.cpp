#include "gateway/wire/sse.h"

#include <benchmark/benchmark.h>

#include <string>

#include "gateway/wire/observe.h"

namespace tallygate::wire {
namespace {

std::string chat_chunk(std::string_view more) {
  return R"(data: {"id":"chatcmpl-9xYzAbCdEfGhIjKlMnOpQrStUvW","object":"chat.completion.chunk",)"
         R"("created":1718000000,"model":"gpt-4o-mini","system_fingerprint":"fp_44709d6fcb",)"
         R"("choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,)"
         R"("finish_reason":null}])" +
         std::string(more) + "}\n\n";
}

void ScanEvents(benchmark::State& state, const std::string& event) {
  constexpr int kEvents = 64;
  std::string stream;
  for (int i = 0; i < kEvents; ++i) stream += event;
  SseScanner scanner;
  for (auto _ : state) {
    std::string_view rest = stream;
    while (const std::size_t size = scanner.next_event(rest)) rest.remove_prefix(size);
    benchmark::DoNotOptimize(rest);
  }
  state.SetItemsProcessed(state.iterations() * kEvents);
}
BENCHMARK_CAPTURE(ScanEvents, line_feed, chat_chunk(""));
BENCHMARK_CAPTURE(ScanEvents, crlf, "event: x\r\n" + chat_chunk("") + "\r\n");

void ObserveEvents(benchmark::State& state, Dialect dialect, const std::string& event) {
  AnswerObserver observer(dialect);
  observer.observe_event(event);
  for (auto _ : state) benchmark::DoNotOptimize(observer.observe_event(event));
}
BENCHMARK_CAPTURE(ObserveEvents, chat_delta, Dialect::openai_chat, chat_chunk(""));
BENCHMARK_CAPTURE(ObserveEvents, chat_delta_usage_null, Dialect::openai_chat,
                  chat_chunk(R"(,"usage":null)"));
BENCHMARK_CAPTURE(ObserveEvents, chat_delta_with_usage, Dialect::openai_chat,
                  chat_chunk(R"(,"usage":{"prompt_tokens":9,"completion_tokens":12})"));
BENCHMARK_CAPTURE(ObserveEvents, anthropic_delta, Dialect::anthropic_messages,
                  "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                  "\"delta\":{\"type\":\"text_delta\",\"text\":\" word\"}}\n\n");

// Before the first content every event is parsed: a new observer for each.
void ObserveFirstEvent(benchmark::State& state) {
  const std::string event = chat_chunk("");
  for (auto _ : state) {
    AnswerObserver observer(Dialect::openai_chat);
    benchmark::DoNotOptimize(observer.observe_event(event));
  }
}
BENCHMARK(ObserveFirstEvent);

}  // namespace
}  // namespace tallygate::wire
