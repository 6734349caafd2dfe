#include "bench/model_simulator/request.h"

#include <gtest/gtest.h>

#include "bench/model_simulator/ask.h"

namespace tallygate::simulator {
namespace {

constexpr std::string_view kPost =
    "POST /v1/chat/completions?x=1 HTTP/1.1\r\nHost: h\r\nX-Sim-Fault:  hang \r\n"
    "Content-Length: 5\r\n\r\nhello";
constexpr std::string_view kChunked =
    "POST /v1/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3;ext=1\r\nhel\r\n2\r\nlo\r\n0\r\nx-trailer: 1\r\n\r\n";

std::size_t feed_by(RequestReader& reader, std::string_view bytes, std::size_t step) {
  std::size_t used = 0;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    used += reader.feed(bytes.substr(at, step));
  }
  return used;
}

TEST(RequestReader, TakesARequestHoweverItWasCut) {
  for (const std::string_view text : {kPost, kChunked}) {
    for (std::size_t step = 1; step <= text.size(); ++step) {
      RequestReader reader;
      EXPECT_EQ(feed_by(reader, text, step), text.size());
      ASSERT_EQ(reader.state(), RequestReader::State::complete) << step;
      EXPECT_EQ(reader.request().method(), "POST");
      EXPECT_EQ(reader.request().body, "hello");
    }
  }
}

TEST(RequestReader, LeavesWhatBelongsToTheNextRequest) {
  RequestReader reader;
  const std::string two = std::string(kPost) + std::string(kChunked);
  EXPECT_EQ(reader.feed(two), kPost.size());
  EXPECT_EQ(reader.request().target(), "/v1/chat/completions?x=1");
  EXPECT_EQ(reader.request().header("x-sim-fault"), "hang");
  EXPECT_EQ(reader.feed("more"), 0U);
  reader.restart();
  EXPECT_EQ(reader.feed(std::string_view{two}.substr(kPost.size())), kChunked.size());
  EXPECT_EQ(reader.request().target(), "/v1/completions");
}

TEST(RequestReader, RefusesWhatItCannotBound) {
  const auto state_after = [](std::string_view text) {
    RequestReader reader;
    feed_by(reader, text, 1000);
    return reader.state();
  };
  const std::string head = "POST / HTTP/1.1\r\n";
  EXPECT_EQ(state_after(head + "Content-Length: 5x\r\n\r\n"), RequestReader::State::bad);
  EXPECT_EQ(state_after(head + "Content-Length: 18446744073709551615\r\n\r\n"),
            RequestReader::State::bad);
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(state_after(chunked + "zz\r\n"), RequestReader::State::bad);
  EXPECT_EQ(state_after(chunked + "3\r\nabc\r\nffffffffffffffff\r\n"), RequestReader::State::bad);
  EXPECT_EQ(state_after(chunked + std::string(20'000, '1')), RequestReader::State::bad);
  EXPECT_EQ(state_after(head + std::string(300'000, 'x')), RequestReader::State::bad);
}

Ask ask_of(std::string_view path, std::string body) {
  return parse_ask(Request{"POST " + std::string(path) + " HTTP/1.1\r\n\r\n", std::move(body)});
}

TEST(Ask, FindsWhatTheAnswerDependsOn) {
  const Ask ask = ask_of("/v1/chat/completions",
                         R"({"messages":[{"content":"\"model\":\"no\"}"}],"stream" : true,
                             "stream_options":{"include_usage":true},"max_tokens":3,
                             "model":"a\u002fb"})");
  EXPECT_EQ(ask.endpoint, Endpoint::chat);
  EXPECT_EQ(ask.model, R"(a\u002fb)");
  EXPECT_TRUE(ask.stream && ask.include_usage);
  EXPECT_EQ(ask.max_tokens, 3U);
}

TEST(Ask, CountsInputs) {
  const auto inputs = [](std::string body) {
    return ask_of("/v1/embeddings", std::move(body)).inputs;
  };
  EXPECT_EQ(inputs(R"({"input":"one"})"), 1U);
  EXPECT_EQ(inputs(R"({"input":["one","two , ]"]})"), 2U);
  EXPECT_EQ(inputs(R"({"input":[ ["x"] , [1,2] , "z" ]})"), 3U);
  EXPECT_EQ(inputs(R"({"input":[1,2,3]})"), 1U);
  EXPECT_EQ(inputs(R"({"input":[]})"), 1U);
}

TEST(Ask, ReadsTheModelOfAForm) {
  const Ask ask =
      ask_of("/v1/audio/transcriptions",
             "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"
             "bytes\r\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n"
             "whisper\r\n--b--\r\n");
  EXPECT_EQ(ask.endpoint, Endpoint::transcriptions);
  EXPECT_EQ(ask.model, "whisper");
}

TEST(Ask, NeverLeavesAMalformedBody) {
  const std::string whole =
      R"({"model":"m\"","input":["a",{"b":[1]}],"stream_options":{"include_usage":true},"n":)";
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    EXPECT_EQ(ask_of("/v1/embeddings", whole.substr(0, size)).endpoint, Endpoint::embeddings);
  }
  for (const char* text : {"]", "}", "{\"a\":}", "{\"a\":]", "{,", "[[[", "\"", "{\"a\" \"b\"}"}) {
    EXPECT_EQ(ask_of("/v1/embeddings", text).model, "");
  }
}

}  // namespace
}  // namespace tallygate::simulator
