#include "gateway/worker.h"

#include <gtest/gtest.h>

#include "tests/gateway/running_gate.h"

namespace tallygate {
namespace {

using testing::json_answer;
using testing::Message;
using testing::Peer;
using testing::post;
using testing::post_chat;
using testing::read_message;

constexpr std::string_view kAsk = R"({"model":"chat","messages":[]})";
constexpr std::string_view kAnswer =
    R"({"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}})";
const std::string kOk = std::to_string(static_cast<int>(router::Outcome::ok)) + " - ";

TEST(Worker, RelaysAChatByteForByteButForTheModelsName) {
  RunningGate gate;
  Peer client = gate.connect();
  client.send(
      post_chat(" {\"x\": 1.0e2,\t\"model\" : \"chat\" ,\"messages\":[{\"\\u0061\":\"é\"}]} ",
                "X-Mine: 1\r\nCookie: a\r\nX-Tallygate-Unit: u\r\n"));
  Peer upstream = gate.main.accept();
  const Message request = read_message(upstream);
  EXPECT_EQ(request.first_line(), "POST /v1/chat/completions HTTP/1.1");
  EXPECT_EQ(request.body,
            " {\"x\": 1.0e2,\t\"model\" : \"llama\" ,\"messages\":[{\"\\u0061\":\"é\"}]} ");
  EXPECT_EQ(request.field("host"), "127.0.0.1:" + std::to_string(gate.main.port()));
  EXPECT_EQ(request.field("x-mine"), "1");
  EXPECT_EQ(request.field("accept-encoding"), "identity");
  EXPECT_EQ(request.field("cookie") + request.field("x-tallygate-unit"), "--");

  upstream.send(json_answer(kAnswer, "X-Theirs: 2\r\nx-request-id: theirs\r\n"));
  const Message answer = read_message(client);
  EXPECT_EQ(answer.first_line(), "HTTP/1.1 200 OK");
  EXPECT_EQ(answer.body, kAnswer);
  EXPECT_EQ(answer.field("x-theirs"), "2");
  EXPECT_EQ(answer.field("x-upstream-request-id"), "theirs");
  EXPECT_EQ(answer.field("x-tallygate-route"), "chat");
  EXPECT_EQ(answer.field("x-tallygate-version"), "1");
  EXPECT_EQ(answer.field("x-tallygate-attempts"), "1");
  const router::Record record = gate.record_of(answer);
  EXPECT_EQ(record.outcome, router::Outcome::ok);
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(record.input_tokens, 3U);
  EXPECT_EQ(record.output_tokens, 4U);
  EXPECT_EQ(record.response_id, "chatcmpl-1");
}

TEST(Worker, HasTheRecordBeforeTheAnswerIsWhole) {
  RunningGate gate;
  Peer client = gate.connect();
  client.send(post_chat(kAsk));
  Peer upstream = gate.main.accept();
  for (int i = 0; i < 200; ++i) {
    read_message(upstream);
    upstream.send(json_answer(kAnswer));
    const Message answer = read_message(client);
    ASSERT_EQ(gate.outcome_of(answer), kOk + "1") << i;
    client.send(post_chat(kAsk));
  }
}

TEST(Worker, AnswersPipelinedRequestsInOrder) {
  RunningGate gate;
  Peer client = gate.connect();
  client.send(post_chat(R"({"model":"chat","messages":[],"n":1})") +
              "GET /livez HTTP/1.1\r\nHost: gate\r\n\r\n" +
              post_chat(R"({"model":"chat","messages":[],"n":2})"));
  Peer upstream = gate.main.accept();
  EXPECT_EQ(read_message(upstream).body, R"({"model":"llama","messages":[],"n":1})");
  upstream.send(json_answer("{\"first\":1}"));
  EXPECT_EQ(read_message(upstream).body, R"({"model":"llama","messages":[],"n":2})");
  upstream.send(json_answer("{\"second\":1}"));
  EXPECT_EQ(read_message(client).body, "{\"first\":1}");
  EXPECT_EQ(read_message(client).body, R"({"status":"alive"})");
  EXPECT_EQ(read_message(client).body, "{\"second\":1}");
}

TEST(Worker, TakesRequestsAndAnswersOneByteAtATime) {
  RunningGate gate;
  Peer client = gate.connect();
  Peer upstream(-1);
  for (int round = 0; round < 2; ++round) {
    client.send_one_by_one(post_chat(kAsk));
    if (round == 0) upstream = gate.main.accept();
    EXPECT_EQ(read_message(upstream).body, R"({"model":"llama","messages":[]})");
    upstream.send_one_by_one(json_answer(kAnswer));
    EXPECT_EQ(read_message(client).body, kAnswer);
  }
  EXPECT_FALSE(gate.main.has_connection()) << "one connection did";
}

TEST(Worker, TakesAChunkedRequestAndWhatFollowsIt) {
  RunningGate gate;
  Peer client = gate.connect();
  const std::string request =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n" +
      testing::chunk(kAsk.substr(0, 5)) + testing::chunk(kAsk.substr(5)) +
      "0\r\nTrailer: x\r\n\r\n";
  client.send(request + "GET /livez HTTP/1.1\r\nHost: gate\r\n\r\n" + request);
  Peer upstream = gate.main.accept();
  for (int i = 0; i < 2; ++i) {
    const Message seen = read_message(upstream);
    EXPECT_EQ(seen.body, R"({"model":"llama","messages":[]})");
    EXPECT_EQ(seen.field("transfer-encoding"), "-");
    EXPECT_EQ(seen.field("trailer"), "-");
    upstream.send(json_answer(kAnswer));
  }
  EXPECT_EQ(read_message(client).body, kAnswer);
  EXPECT_EQ(read_message(client).body, R"({"status":"alive"})");
  EXPECT_EQ(read_message(client).body, kAnswer);
}

TEST(Worker, TakesBodiesOfAnySizeInPieces) {
  RunningGate gate;
  Peer client = gate.connect();
  Peer upstream(-1);
  for (const std::size_t padding : {0U, 15'000U, 16'000U, 17'000U, 600'000U, 3'000'000U}) {
    SCOPED_TRACE(padding);
    const std::string tail = R"(,"messages":[],"pad":")" + std::string(padding, 'p') + "\"}";
    const std::string request = post_chat(R"({"model":"chat")" + tail);
    const std::size_t head = request.find("\r\n\r\n") + 4;
    client.send(std::string_view(request).substr(0, head));  // the body begins a read of its own
    client.send(std::string_view(request).substr(head));
    if (upstream.fd() < 0) upstream = gate.main.accept();
    EXPECT_TRUE(read_message(upstream).body == R"({"model":"llama")" + tail);
    upstream.send(json_answer(kAnswer));
    EXPECT_EQ(read_message(client).body, kAnswer);
  }
}

TEST(Worker, RelaysAnswersOfAnySizeAndFraming) {
  RunningGate gate;
  Peer client = gate.connect();
  for (const std::size_t size : {0U, 1U, 70'000U, 300'000U, 2'000'000U}) {
    for (const std::string_view framing : {"length", "chunked", "close"}) {
      SCOPED_TRACE(std::string(framing) + " " + std::to_string(size));
      std::string body(size, '\0');
      for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 7 + i / 251);
      client.send(post("/v1/audio/speech", R"({"model":"chat"})"));
      Peer upstream = gate.main.accept();
      read_message(upstream);
      // One thread plays both sides, so the answer is sent while it is read.
      std::thread sender([&] {
        if (framing == "length") {
          upstream.send("HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: " +
                        std::to_string(size) + "\r\nConnection: close\r\n\r\n" + body);
        } else if (framing == "chunked") {
          upstream.send(
              "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nConnection: close\r\n"
              "Transfer-Encoding: chunked\r\n\r\n" +
              (size == 0 ? "" : testing::chunk(body)) + "0\r\n\r\n");
        } else {
          upstream.send("HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n" + body);
        }
        upstream.close();
      });
      const Message answer = read_message(client);
      sender.join();
      EXPECT_EQ(answer.status(), 200);
      EXPECT_TRUE(answer.body == body);
      EXPECT_EQ(answer.field("connection"), "-");
      EXPECT_EQ(gate.outcome_of(answer), kOk + "1");
    }
  }
}

TEST(Worker, SpeaksHttp10) {
  RunningGate gate;
  for (const bool keep : {false, true}) {
    Peer client = gate.connect();
    const std::string body(kAsk);
    client.send("POST /v1/chat/completions HTTP/1.0\r\nContent-Type: application/json\r\n" +
                std::string(keep ? "Connection: keep-alive\r\n" : "") +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    Peer upstream = gate.main.accept();
    read_message(upstream);
    upstream.send(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        "Transfer-Encoding: chunked\r\n\r\n" +
        testing::chunk(kAnswer) + "0\r\n\r\n");
    const Message answer = read_message(client);
    EXPECT_EQ(answer.body, kAnswer);
    EXPECT_EQ(answer.field("transfer-encoding"), "-");
    if (keep) {
      EXPECT_EQ(answer.field("connection"), "keep-alive");
      client.send("GET /livez HTTP/1.0\r\n\r\n");
      EXPECT_EQ(read_message(client).status(), 200);
    }
    EXPECT_TRUE(client.closes_silently());
  }
}

TEST(Worker, TellsAWaitingClientToContinueOnce) {
  RunningGate gate;
  Peer client = gate.connect();
  client.send(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\n"
      "Expect: 100-continue\r\nContent-Length: " +
      std::to_string(kAsk.size()) + "\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send(kAsk);
  Peer upstream = gate.main.accept();
  const Message request = read_message(upstream);
  EXPECT_EQ(request.field("expect"), "-");
  upstream.send(json_answer(kAnswer));
  EXPECT_EQ(read_message(client).body, kAnswer);
}

TEST(Worker, RefusesATooLargeBodyBeforeItIsSent) {
  RunningGate gate([](config::Settings& s) { s.limits.body_bytes = 1000; });
  for (const std::string_view expect : {"", "Expect: 100-continue\r\n"}) {
    Peer client = gate.connect();
    client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: gate\r\n" + std::string(expect) +
                "Content-Type: application/json\r\nContent-Length: 1001\r\n\r\n");
    const Message answer = read_message(client);
    EXPECT_EQ(answer.status(), 413) << expect;
    EXPECT_EQ(answer.field("connection"), "close");
    EXPECT_NE(answer.body.find("body_too_large"), std::string::npos) << answer.body;
    EXPECT_TRUE(client.closes_silently());
  }
  Peer client = gate.connect();
  client.send(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: chunked\r\n"
      "Content-Type: application/json\r\n\r\n" +
      testing::chunk(std::string(1001, ' ')));
  EXPECT_EQ(read_message(client).status(), 413);
  EXPECT_TRUE(client.closes_silently());
}

TEST(Worker, CancelsTheUpstreamWhenItsClientLeaves) {
  RunningGate gate;
  for (const bool reset : {false, true}) {
    Peer client = gate.connect();
    client.send(post_chat(kAsk));
    Peer upstream = gate.main.accept();
    read_message(upstream);
    if (reset) {
      client.reset();
    } else {
      client.shut_down_writing();  // half-close is leaving, too
    }
    EXPECT_TRUE(upstream.closes_silently());
    if (!reset) {
      EXPECT_TRUE(client.closes_silently());
    }
  }
}

TEST(Worker, HearsAHalfClosedClientOutIfToldSo) {
  RunningGate gate([](config::Settings& s) { s.half_close = config::HalfClose::ignore; });
  Peer client = gate.connect();
  client.send(post_chat(kAsk));
  client.shut_down_writing();
  Peer upstream = gate.main.accept();
  read_message(upstream);
  upstream.send(json_answer(kAnswer));
  EXPECT_EQ(read_message(client).body, kAnswer);
  EXPECT_TRUE(client.closes_silently());
}

TEST(Worker, KeepsItsConnectionAfterWhatItRefuses) {
  RunningGate gate;
  Peer client = gate.connect();
  const auto ask = [&](const std::string& request) {
    client.send(request);
    return read_message(client);
  };
  const Message unknown = ask(post("/nope", "{}"));
  EXPECT_EQ(unknown.status(), 404);
  const Message method = ask("GET /v1/chat/completions HTTP/1.1\r\nHost: gate\r\n\r\n");
  EXPECT_EQ(method.status(), 405);
  EXPECT_EQ(method.field("allow"), "POST");
  EXPECT_EQ(ask(post_chat("{nope")).status(), 400);
  EXPECT_EQ(ask(post_chat(R"({"model":"nope","messages":[]})")).status(), 404);
  EXPECT_EQ(ask(post_chat(R"({"model":"chat"})")).status(), 400);
  EXPECT_EQ(ask(post_chat(R"({"model":"claude","messages":[]})")).status(), 400);
  EXPECT_EQ(ask("POST /v1/embeddings HTTP/1.1\r\nHost: gate\r\nContent-Type: text/plain\r\n"
                "Content-Length: 3\r\n\r\nabc")
                .status(),
            415);
  client.send("HEAD /v1/models HTTP/1.1\r\nHost: gate\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n").substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_EQ(ask("GET /livez HTTP/1.1\r\nHost: gate\r\n\r\n").body, R"({"status":"alive"})");
  EXPECT_FALSE(gate.main.has_connection());
}

TEST(Worker, ClosesAfterWhatItCannotParse) {
  RunningGate gate;
  for (const auto& [request, status] : std::initializer_list<std::pair<std::string, int>>{
           {"nonsense\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\n\r\n", 400},
           {"GET / HTTP/2.0\r\nHost: g\r\n\r\n", 505},
           {"POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Length: 1\r\n"
            "Transfer-Encoding: chunked\r\n\r\n",
            400},
           {"GET /" + std::string(9000, 'x') + " HTTP/1.1\r\nHost: g\r\n\r\n", 414},
           {"GET / HTTP/1.1\r\nHost: g\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n", 431}}) {
    Peer client = gate.connect();
    client.send(request);
    const Message answer = read_message(client);
    EXPECT_EQ(answer.status(), status) << request.substr(0, 60);
    EXPECT_EQ(answer.field("connection"), "close");
    client.shut_down_writing();
    EXPECT_EQ(client.read_to_end(), "");
  }
}

TEST(Worker, RefusesMoreConnectionsThanItMayHold) {
  RunningGate gate([](config::Settings& s) { s.limits.connections = 2; });
  Peer first = gate.connect();
  Peer second = gate.connect();
  Peer third = gate.connect();
  const Message refusal = read_message(third);
  EXPECT_EQ(refusal.status(), 503);
  EXPECT_EQ(refusal.field("retry-after"), "1");
  EXPECT_TRUE(third.closes_silently());
  first.send("GET /livez HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(read_message(first).status(), 200);
  EXPECT_TRUE(first.closes_silently());
  first.close();
  second.send("GET /livez HTTP/1.1\r\nHost: gate\r\n\r\n");
  EXPECT_EQ(read_message(second).status(), 200);
}

}  // namespace
}  // namespace tallygate
