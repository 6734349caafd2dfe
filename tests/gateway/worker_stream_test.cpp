// Server-sent events through a Worker.

#include <gtest/gtest.h>

#include "tests/gateway/running_gate.h"
#include "tests/support/stalling_env.h"

namespace tallygate {
namespace {

using testing::chunk;
using testing::delta;
using testing::kDone;
using testing::kLastChunk;
using testing::kStreamHead;
using testing::Message;
using testing::Peer;
using testing::post_chat;
using testing::read_message;

constexpr std::string_view kAsk = R"({"model":"chat","messages":[],"stream":true})";
constexpr std::string_view kAskUsage =
    R"({"model":"chat","messages":[],"stream":true,"stream_options":{"include_usage":true}})";
constexpr std::string_view kRole =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";

/// A client that has asked and an upstream that has heard it.
struct Streaming {
  explicit Streaming(RunningGate& gate, std::string_view ask = kAsk) : client(gate.connect()) {
    client.send(post_chat(ask));
    upstream = gate.main.accept();
    request = read_message(upstream);
  }
  void send(std::string_view events) { upstream.send(chunk(events)); }

  Peer client;
  Peer upstream{-1};
  Message request;
};

TEST(WorkerStream, RelaysEventsAndReportsWhatTheyTold) {
  RunningGate gate;
  Streaming s(gate);
  EXPECT_EQ(
      s.request.body,
      R"({"model":"llama","messages":[],"stream":true,"stream_options":{"include_usage":true}})");
  const std::string events = std::string(kRole) + delta("a") + delta("b");
  s.upstream.send(std::string(kStreamHead) + chunk(events) + chunk(testing::usage_event(5, 6)) +
                  chunk(kDone) + std::string(kLastChunk));
  const Message answer = read_message(s.client);
  EXPECT_EQ(answer.body, events + std::string(kDone)) << "without the usage nobody asked for";
  EXPECT_EQ(answer.field("cache-control"), "no-cache");
  EXPECT_EQ(answer.field("x-accel-buffering"), "no");
  const router::Record record = gate.record_of(answer);
  EXPECT_EQ(record.outcome, router::Outcome::ok);
  EXPECT_TRUE(record.streamed);
  EXPECT_EQ(record.input_tokens, 5U);
  EXPECT_EQ(record.output_tokens, 6U);
  EXPECT_EQ(record.event_count, 4U);
  EXPECT_GT(record.first_token_us, 0U);
}

TEST(WorkerStream, KeepsTheUsageThatWasAskedFor) {
  RunningGate gate;
  Streaming s(gate, kAskUsage);
  const std::string events = delta("a") + testing::usage_event(5, 6) + std::string(kDone);
  s.upstream.send(std::string(kStreamHead) + chunk(events) + std::string(kLastChunk));
  EXPECT_EQ(read_message(s.client).body, events);
}

TEST(WorkerStream, HandsEachEventOnAsItComes) {
  RunningGate gate;
  Streaming s(gate);
  s.upstream.send(kStreamHead);
  s.send(std::string(kRole));
  s.send(delta("a"));
  EXPECT_EQ(s.client.read_until("\r\n\r\n").substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_EQ(testing::read_chunk(s.client), std::string(kRole) + delta("a"));
  for (const char* text : {"b", "c", "d"}) {
    s.send(delta(text));
    EXPECT_EQ(testing::read_chunk(s.client), delta(text));
  }
  s.send(kDone);
  EXPECT_EQ(testing::read_chunk(s.client), kDone);
  EXPECT_EQ(testing::read_chunk(s.client), "") << "[DONE] ends it; the last-chunk is not awaited";
}

TEST(WorkerStream, GivesTheSameEventsHoweverTheyWereCut) {
  const std::string comment = ": ping\r\n\r\n";
  const std::string events = comment + delta("\\u00e9\xc3\xa9") + "event: x\ndata: {\"choices\":" +
                             "[{\"index\":0,\"delta\":{\"content\":\"b\"}}]}\r\n\r\n" + delta("c");
  const std::string payload = events + testing::usage_event(1, 2) + std::string(kDone);
  RunningGate gate;
  Peer client = gate.connect();
  Peer upstream(-1);
  for (std::size_t cut = 0; cut <= payload.size(); ++cut) {
    client.send(post_chat(kAsk));
    if (cut == 0) upstream = gate.main.accept();
    read_message(upstream);
    upstream.send(kStreamHead);
    if (cut > 0) upstream.send(chunk(payload.substr(0, cut)));
    if (cut < payload.size()) upstream.send(chunk(payload.substr(cut)));
    upstream.send(kLastChunk);
    const Message answer = read_message(client);
    ASSERT_EQ(answer.body, events + std::string(kDone)) << "cut at " << cut;
    for (const std::string& piece : answer.chunks) {
      ASSERT_TRUE(piece.ends_with("\n\n") || piece.ends_with("\r\n\r\n")) << piece;
    }
    ASSERT_EQ(gate.record_of(answer).output_tokens, 2U) << "cut at " << cut;
  }
  EXPECT_FALSE(gate.main.has_connection()) << "one connection served all";
}

TEST(WorkerStream, TakesAStreamOneByteAtATime) {
  RunningGate gate;
  Streaming s(gate);
  const std::string events = delta("a") + delta("b") + std::string(kDone);
  s.upstream.send_one_by_one(std::string(kStreamHead) + chunk(events) + std::string(kLastChunk));
  EXPECT_EQ(read_message(s.client).body, events);
}

TEST(WorkerStream, SpeaksHttp10) {
  RunningGate gate;
  Peer client = gate.connect();
  client.send(
      "POST /v1/chat/completions HTTP/1.0\r\nConnection: keep-alive\r\n"
      "Content-Type: application/json\r\nContent-Length: " +
      std::to_string(kAsk.size()) + "\r\n\r\n" + std::string(kAsk));
  Peer upstream = gate.main.accept();
  read_message(upstream);
  const std::string events = delta("a") + std::string(kDone);
  upstream.send(std::string(kStreamHead) + chunk(events) + std::string(kLastChunk));
  const Message head = read_message(client);
  EXPECT_EQ(head.field("transfer-encoding"), "-");
  EXPECT_EQ(head.field("connection"), "close");
  EXPECT_EQ(client.read_to_end(), events);
}

TEST(WorkerStream, HoldsTheEndUntilTheRecordIsWritten) {
  testing::StallingEnv env;
  RunningGate gate({}, env.env.get());
  {
    Streaming s(gate);
    s.upstream.send(kStreamHead);
    s.send(delta("a"));
    s.client.read_until("\r\n\r\n");
    EXPECT_EQ(testing::read_chunk(s.client), delta("a"));
    env.gate.shut();
    const auto began = std::chrono::steady_clock::now();
    s.send(kDone);
    EXPECT_EQ(testing::read_chunk(s.client), kDone);
    EXPECT_GE(std::chrono::steady_clock::now() - began, CommitQueue::kPatience);
    EXPECT_NE(gate.metrics().find("tallygate_unacknowledged_answers_total 1\n"), std::string::npos);
    env.gate.open();
  }
}

TEST(WorkerStream, DoesNotHoldTheEndWhereTheJournalIsQueued) {
  testing::StallingEnv env;
  RunningGate gate([](config::Settings& s) { s.store.acknowledge = config::Acknowledge::queued; },
                   env.env.get());
  Peer client = gate.connect();
  Peer upstream(-1);
  env.gate.shut();
  for (int i = 0; i < 5; ++i) {
    client.send(post_chat(kAsk));
    if (i == 0) upstream = gate.main.accept();
    read_message(upstream);
    upstream.send(std::string(kStreamHead) + chunk(delta("a") + std::string(kDone)) +
                  std::string(kLastChunk));
    EXPECT_EQ(read_message(client).body, delta("a") + std::string(kDone));
  }
  EXPECT_NE(gate.metrics().find("tallygate_unacknowledged_answers_total 0\n"), std::string::npos);
  env.gate.open();
}

/// `upstream` sends content and then `ending`; what the client gets behind the content.
void check_break(const std::function<void(Peer&)>& ending, const std::string& code) {
  SCOPED_TRACE(code);
  RunningGate gate;
  Streaming s(gate);
  s.upstream.send(kStreamHead);
  s.send(delta("a"));
  s.client.read_until("x-request-id: ");
  const std::string id = s.client.read_exactly(36);
  s.client.read_until("\r\n\r\n");
  ASSERT_EQ(testing::read_chunk(s.client), delta("a"));
  ending(s.upstream);
  const std::string event = testing::read_chunk(s.client);
  EXPECT_TRUE(event.starts_with("data: {\"error\":{")) << event;
  EXPECT_NE(event.find("\"code\":\"" + code + "\""), std::string::npos) << event;
  EXPECT_EQ(testing::read_chunk(s.client), "");
  EXPECT_TRUE(s.client.closes_silently());
  const router::Record record = gate.await_record(parse_uuid(id).value());
  EXPECT_EQ(record.outcome, router::Outcome::upstream_truncated);
  EXPECT_EQ(traits_of(record.error).code, code);
  EXPECT_EQ(gate.health.state(gate.targets.slot_of("main")).failures_in_row, 1U);
}

TEST(WorkerStream, TellsItsClientInTheStreamThatItBroke) {
  const std::string half = delta("never seen").substr(0, 20);
  check_break([](Peer& upstream) { upstream.close(); }, "upstream_stream_truncated");
  check_break([](Peer& upstream) { upstream.reset(); }, "upstream_stream_truncated");
  check_break(
      [&](Peer& upstream) {
        upstream.send(chunk(half));
        upstream.close();
      },
      "upstream_stream_truncated");
  check_break([](Peer& upstream) { upstream.send("nonsense\r\n"); }, "upstream_stream_truncated");
  check_break([](Peer& upstream) { upstream.send(kLastChunk); }, "missing_done");
  for (std::size_t size = 1; size < half.size(); ++size) {
    SCOPED_TRACE(half.substr(0, size));
    check_break(
        [&](Peer& upstream) {
          upstream.send(chunk(half.substr(0, size)) + std::string(kLastChunk));
        },
        "missing_done");
  }
}

TEST(WorkerStream, TakesAMissingDoneForAnEndWhereTheTargetMayLackIt) {
  RunningGate gate([](config::Settings& s) { s.targets["main"].expect_done = false; });
  Streaming s(gate);
  s.upstream.send(std::string(kStreamHead) + chunk(delta("a")) + std::string(kLastChunk));
  const Message answer = read_message(s.client);
  EXPECT_EQ(answer.body, delta("a"));
  EXPECT_EQ(gate.record_of(answer).outcome, router::Outcome::ok);
}

TEST(WorkerStream, FallsBackBeforeTheFirstContent) {
  for (const std::string& failure :
       {std::string(), chunk(kRole), chunk("data: {\"error\":{\"message\":\"no\"}}\n\n"),
        chunk(std::string(kRole) + "data: {\"error\":{\"message\":\"no\"}}\n\n"),
        std::string(kLastChunk), chunk(kDone) + std::string(kLastChunk), std::string("junk\r\n")}) {
    SCOPED_TRACE(failure);
    RunningGate gate(RunningGate::with_backup);
    Streaming s(gate);
    s.upstream.send(std::string(kStreamHead) + failure);
    s.upstream.close();
    Peer other = gate.backup.accept();
    EXPECT_EQ(read_message(other).body, s.request.body);
    const std::string events = delta("b") + std::string(kDone);
    other.send(std::string(kStreamHead) + chunk(events) + std::string(kLastChunk));
    const Message answer = read_message(s.client);
    EXPECT_EQ(answer.body, events);
    EXPECT_EQ(answer.field("x-tallygate-attempts"), "2");
  }
}

TEST(WorkerStream, RelaysALaterErrorEventAndCloses) {
  RunningGate gate;
  Streaming s(gate);
  const std::string events = delta("a") + "data: {\"error\":{\"message\":\"no\"}}\n\n";
  s.upstream.send(std::string(kStreamHead) + chunk(events) + std::string(kLastChunk));
  const Message answer = read_message(s.client);
  EXPECT_EQ(answer.body, events);
  EXPECT_TRUE(s.client.closes_silently());
  EXPECT_EQ(gate.record_of(answer).outcome, router::Outcome::upstream_stream_error);
}

TEST(WorkerStream, IgnoresWhatComesAfterTheEnd) {
  RunningGate gate;
  Streaming s(gate);
  const std::string events = delta("a") + std::string(kDone);
  s.upstream.send(std::string(kStreamHead) + chunk(events + delta("late")) + chunk(delta("later")) +
                  std::string(kLastChunk));
  EXPECT_EQ(read_message(s.client).body, events);
}

TEST(WorkerStream, NeverReusesAConnectionWithBytesBehindTheAnswer) {
  const std::string events = delta("a") + std::string(kDone);
  const std::string answer = std::string(kStreamHead) + chunk(events) + std::string(kLastChunk);
  const std::string smuggled = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!";
  for (const std::size_t cut : {answer.size(), answer.size() - 5}) {
    SCOPED_TRACE(cut);
    RunningGate gate;
    Streaming s(gate);
    s.upstream.send((answer + smuggled).substr(0, cut == answer.size() ? std::string::npos : cut));
    EXPECT_EQ(read_message(s.client).body, events);
    if (cut < answer.size()) s.upstream.send((answer + smuggled).substr(cut));
    EXPECT_TRUE(s.upstream.closes_silently());
  }
}

TEST(WorkerStream, CancelsTheUpstreamWhenItsClientLeaves) {
  for (const bool reset : {false, true}) {
    RunningGate gate;
    Streaming s(gate);
    s.upstream.send(kStreamHead);
    s.send(delta("a"));
    s.client.read_until("x-request-id: ");
    const std::string id = s.client.read_exactly(36);
    s.client.read_until("\r\n\r\n");
    testing::read_chunk(s.client);
    if (reset) {
      s.client.reset();
    } else {
      s.client.close();
    }
    EXPECT_TRUE(s.upstream.closes_silently());
    const router::Record record = gate.await_record(parse_uuid(id).value());
    EXPECT_EQ(record.outcome, router::Outcome::client_abort);
    EXPECT_EQ(record.phase, router::Phase::streaming);
    EXPECT_EQ(gate.health.state(gate.targets.slot_of("main")).failures_in_row, 0U);
  }
}

TEST(WorkerStream, LetsASlowClientBrakeItsUpstream) {
  constexpr std::size_t kTotal = std::size_t{96} << 20;
  constexpr std::size_t kEnough = std::size_t{32} << 20;  // far above all socket buffers
  RunningGate gate;
  Peer client = gate.connect(64 * 1024);
  client.send(post_chat(kAsk));
  Peer upstream = gate.main.accept();
  read_message(upstream);
  upstream.send(kStreamHead);
  const std::string event = delta(std::string(20'000, 'x'));
  const std::string piece = chunk(event);
  std::size_t taken = 0;
  std::size_t within = 0;  // of the piece
  for (pollfd entry{upstream.fd(), POLLOUT, 0}; taken < kTotal && ::poll(&entry, 1, 300) == 1;) {
    const std::size_t sent = upstream.send_some(std::string_view(piece).substr(within));
    taken += sent;
    within = (within + sent) % piece.size();
  }
  EXPECT_LT(taken, kEnough) << "the gate reads on while its client does not";
  std::thread sender([&] {
    if (within > 0) upstream.send(std::string_view(piece).substr(within));
    upstream.send(chunk(kDone) + std::string(kLastChunk));
  });
  const Message answer = read_message(client);
  sender.join();
  const std::size_t pieces = (taken + piece.size() - 1) / piece.size();
  EXPECT_EQ(answer.body.size(), pieces * event.size() + kDone.size());
  EXPECT_TRUE(answer.body.ends_with(kDone));
}

TEST(WorkerStream, PassesAnEventAboveTheLimitThrough) {
  RunningGate gate([](config::Settings& s) { s.limits.response_event_bytes = 1000; });
  Streaming s(gate);
  const std::string events = delta(std::string(50'000, 'x')) + delta("b") + std::string(kDone);
  std::thread sender([&] {
    s.upstream.send(kStreamHead);
    for (std::size_t i = 0; i < events.size(); i += 700) s.send(events.substr(i, 700));
    s.upstream.send(kLastChunk);
  });
  const Message answer = read_message(s.client);
  sender.join();
  EXPECT_TRUE(answer.body == events) << answer.body.size() << " of " << events.size();
}

}  // namespace
}  // namespace tallygate
