// Heads in and out: parsing a chat request as SDKs send it, and rendering both directions.

#include <benchmark/benchmark.h>

#include <string>

#include "base/assert.h"
#include "gateway/http/message/acceptance.h"
#include "gateway/http/message/chunk_decoder.h"
#include "gateway/http/message/head_renderer.h"
#include "gateway/http/message/response_parser.h"

namespace tallygate::http {
namespace {

constexpr std::string_view kChatRequest =
    "POST /v1/chat/completions HTTP/1.1\r\n"
    "Host: gate.example.internal:8080\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Connection: keep-alive\r\n"
    "Accept: application/json\r\n"
    "Content-Type: application/json\r\n"
    "User-Agent: OpenAI/Python 1.54.3\r\n"
    "X-Stainless-Lang: python\r\n"
    "X-Stainless-Package-Version: 1.54.3\r\n"
    "X-Stainless-OS: Linux\r\n"
    "Authorization: Bearer tg-0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
    "x-session-id: 7b0f6d0c-6a34-4a0e-9be5-0d4a36b8f2f1\r\n"
    "Content-Length: 480\r\n\r\n";

constexpr std::string_view kChatResponse =
    "HTTP/1.1 200 OK\r\n"
    "Date: Sat, 21 Nov 2026 08:00:00 GMT\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 570\r\n"
    "Connection: keep-alive\r\n"
    "openai-processing-ms: 412\r\n"
    "openai-version: 2020-10-01\r\n"
    "x-ratelimit-remaining-requests: 9999\r\n"
    "x-request-id: req_0123456789abcdef0123456789abcdef\r\n"
    "Server: uvicorn\r\n\r\n";

void parse_request_head(benchmark::State& state) {
  RequestParser parser{AcceptanceLimits{}};
  for (auto _ : state) {
    parser.reset();
    auto size = parser.parse_head(kChatRequest);
    TG_ASSERT(size && *size == kChatRequest.size());
    benchmark::DoNotOptimize(size);
  }
}
BENCHMARK(parse_request_head);

void parse_response_head(benchmark::State& state) {
  ResponseParser parser;
  for (auto _ : state) {
    parser.reset();
    auto size = parser.parse_head(kChatResponse);
    TG_ASSERT(size && *size == kChatResponse.size());
    benchmark::DoNotOptimize(size);
  }
}
BENCHMARK(parse_response_head);

void render_upstream_head(benchmark::State& state) {
  RequestParser parser{AcceptanceLimits{}};
  TG_ASSERT(parser.parse_head(kChatRequest));
  UpstreamRequestLine line;
  line.method = "POST";
  line.base_path = "/v1";
  line.path = "/chat/completions";
  line.host = "model-7.example.internal:8000";
  line.credential = "Authorization: Bearer sk-0123456789abcdef0123456789abcdef\r\n";
  line.framing = Framing::length;
  line.content_length = 480;
  std::string out;
  for (auto _ : state) {
    out.clear();
    render_request_head(line, parser.head(), out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(render_upstream_head);

void render_downstream_head(benchmark::State& state) {
  ResponseParser parser;
  TG_ASSERT(parser.parse_head(kChatResponse));
  DownstreamStatus status;
  status.own_fields =
      "x-request-id: 01933f6e-7b61-7c3a-9a52-3f0b6f3c2d1e\r\nx-tallygate-route: assistant\r\n"
      "x-tallygate-version: 1.4.0\r\nx-tallygate-variant: a\r\nx-tallygate-attempts: 1\r\n";
  status.date = "Sat, 21 Nov 2026 08:00:00 GMT";
  status.framing = Framing::length;
  status.content_length = 570;
  std::string out;
  for (auto _ : state) {
    out.clear();
    render_response_head(status, parser.head(), out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(render_downstream_head);

void decode_event_chunk(benchmark::State& state) {
  const std::string chunk = "e6\r\n" + std::string(230, 'e') + "\r\n";
  ChunkDecoder decoder(Errc::upstream_bad_response);
  std::size_t payload = 0;
  const auto sink = [](void* context, std::string_view data) {
    *static_cast<std::size_t*>(context) += data.size();
  };
  for (auto _ : state) {
    auto size = decoder.decode(chunk, sink, &payload);
    TG_ASSERT(size && *size == chunk.size());
  }
  benchmark::DoNotOptimize(payload);
}
BENCHMARK(decode_event_chunk);

}  // namespace
}  // namespace tallygate::http
