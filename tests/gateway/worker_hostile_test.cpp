// A Worker between clients and upstreams that want more than their share, or less than they should.

#include <gtest/gtest.h>
#include <sys/ioctl.h>

#include "tests/gateway/running_gate.h"
#include "tests/gateway/warm_gate.h"

namespace tallygate {
namespace {

using testing::chunk;
using testing::delta;
using testing::json_answer;
using testing::kDone;
using testing::kLastChunk;
using testing::kStreamHead;
using testing::Message;
using testing::Peer;
using testing::post;
using testing::post_chat;
using testing::read_message;

constexpr std::string_view kAsk = R"({"model":"chat","messages":[]})";
constexpr std::string_view kAskStream = R"({"model":"chat","messages":[],"stream":true})";
constexpr std::string_view kAnswer = R"({"id":"chatcmpl-1","choices":[]})";
constexpr std::string_view kLivez = "GET /livez HTTP/1.1\r\nHost: gate\r\n\r\n";
constexpr std::string_view kRole =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";
constexpr int kSmallBuffer = 4096;

std::string repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

/// Bytes that have arrived and were not read.
std::size_t waiting_at(const Peer& peer) {
  int bytes = 0;
  EXPECT_EQ(::ioctl(peer.fd(), FIONREAD, &bytes), 0);
  return static_cast<std::size_t>(bytes);
}

int answered_livez(const RunningGate& gate) {
  const std::string page = gate.metrics();
  const std::size_t line = page.find("http_server_request_duration_seconds_count{");
  const std::size_t value = page.find("} ", line);
  return line == std::string::npos ? 0 : std::stoi(page.substr(value + 2));
}

TEST(WorkerHostile, ServesOthersBetweenThePipelinedRequestsOfOne) {
  constexpr int kRequests = 300;
  RunningGate gate;
  Peer flooder = gate.connect();
  Peer other = gate.connect();
  flooder.send(kLivez);
  const Message answer = read_message(flooder);
  const std::size_t size = answer.head.size() + answer.body.size();
  std::promise<void> all_is_there;
  std::promise<int> answered;
  // On the worker's own thread, so that nothing is answered while it looks.
  std::function<void()> look = [&] {
    if (waiting_at(other) < size) return gate.worker->post(look);
    answered.set_value(answered_livez(gate));
  };
  gate.worker->post([&] { all_is_there.get_future().wait(); });
  flooder.send(repeat(kLivez, kRequests));
  other.send(kLivez);
  gate.worker->post(look);
  all_is_there.set_value();
  EXPECT_LE(answered.get_future().get(), kRequests / 2) << "the other waited for all of them";
  flooder.read_exactly(size * kRequests);
}

/// `bytes` of numbered events, so that one lost or moved is noticed.
std::string numbered_events(std::size_t bytes) {
  std::string events;
  for (int number = 0; events.size() < bytes; ++number) {
    events +=
        delta(std::to_string(number) + std::string(static_cast<std::size_t>(number % 900), 'x'));
  }
  return events;
}

TEST(WorkerHostile, HandsASlowClientEveryByteOfAStream) {
  RunningGate gate;
  Peer client = gate.connect(kSmallBuffer);
  client.send(post_chat(kAskStream));
  Peer upstream = gate.main.accept();
  read_message(upstream);
  const std::string events = numbered_events(std::size_t{12} << 20) + std::string(kDone);
  std::thread sender([&] {
    upstream.send(kStreamHead);
    for (std::size_t at = 0; at < events.size(); at += 5000) {
      upstream.send(chunk(std::string_view(events).substr(at, 5000)));
    }
    upstream.send(kLastChunk);
  });
  const Message answer = read_message(client);
  sender.join();
  EXPECT_TRUE(answer.body == events) << answer.body.size() << " of " << events.size();
  const router::Record record = gate.record_of(answer);
  EXPECT_EQ(record.outcome, router::Outcome::ok);
  EXPECT_GT(record.response_bytes, events.size());
  EXPECT_LT(record.response_bytes, events.size() * 11 / 10) << "none is counted twice";
}

TEST(WorkerHostile, HandsASlowClientEveryByteOfABody) {
  const std::string body = "[" + numbered_events(std::size_t{6} << 20) + "]";
  for (const std::string& framing :
       {"Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body,
        "Transfer-Encoding: chunked\r\n\r\n" + chunk(body) + std::string(kLastChunk)}) {
    for (const std::string type : {"application/json", "audio/mpeg"}) {
      SCOPED_TRACE(framing.substr(0, 30) + type);
      RunningGate gate;
      Peer client = gate.connect(kSmallBuffer);
      client.send(post_chat(kAsk));
      Peer upstream = gate.main.accept();
      read_message(upstream);
      std::thread sender(
          [&] { upstream.send("HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\n" + framing); });
      const Message answer = read_message(client);
      sender.join();
      EXPECT_TRUE(answer.body == body) << answer.body.size() << " of " << body.size();
      EXPECT_EQ(gate.record_of(answer).outcome, router::Outcome::ok);
    }
  }
}

/// Sends as much as the gate takes, until it takes no more for a while.
void fill(Peer& upstream, std::string_view piece) {
  constexpr std::size_t kMost = std::size_t{64} << 20;
  std::size_t sent = 0;
  std::size_t within = 0;
  for (pollfd entry{upstream.fd(), POLLOUT, 0}; sent < kMost && ::poll(&entry, 1, 100) == 1;) {
    const std::size_t taken = upstream.send_some(piece.substr(within));
    sent += taken;
    within = (within + taken) % piece.size();
  }
  EXPECT_LT(sent, kMost) << "the gate reads on while its client does not";
}

TEST(WorkerHostile, GivesUpAClientThatTakesNothing) {
  const std::string piece = chunk(delta(std::string(20'000, 'x')));
  for (const std::string& head :
       {std::string(kStreamHead),
        std::string("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n")}) {
    SCOPED_TRACE(head);
    RunningGate gate(
        [](config::Settings& s) { s.timeouts.write_progress = std::chrono::milliseconds{300}; });
    Peer client = gate.connect(kSmallBuffer);
    client.send(post_chat(kAskStream));
    Peer upstream = gate.main.accept();
    read_message(upstream);
    upstream.send(head);
    fill(upstream, piece);
    EXPECT_TRUE(upstream.closes_silently()) << "both are closed";
    client.read_until("x-request-id: ");
    const router::Record record = gate.await_record(parse_uuid(client.read_exactly(36)).value());
    EXPECT_EQ(record.outcome, router::Outcome::client_slow);
    EXPECT_EQ(gate.health.state(gate.targets.slot_of("main")).failures_in_row, 0U);
    client.read_to_end();
    EXPECT_TRUE(client.was_reset()) << "nothing of it stays in the kernel";
  }
}

/// What a client gets whose first target sends `held` and ends.
Message answer_after(const std::string& held) {
  RunningGate gate(RunningGate::with_backup);
  Peer client = gate.connect();
  client.send(post_chat(kAskStream));
  Peer upstream = gate.main.accept();
  read_message(upstream);
  upstream.send(std::string(kStreamHead) + held);
  upstream.close();
  Peer other(-1);
  std::thread backup([&] {
    pollfd entry{gate.backup.fd(), POLLIN, 0};
    if (::poll(&entry, 1, 1000) != 1) return;
    other = gate.backup.accept();
    read_message(other);
    other.send(std::string(kStreamHead) + chunk(delta("b") + std::string(kDone)) +
               std::string(kLastChunk));
  });
  Message answer = read_message(client);
  backup.join();
  return answer;
}

TEST(WorkerHostile, HoldsBackSoManyEventsAndBytesAndNoMore) {
  const auto check = [](const std::string& held, const std::string& attempts) {
    const Message answer = answer_after(held);
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.field("x-tallygate-attempts"), attempts) << held.size();
    const bool is_cut = answer.body.find("upstream_stream_truncated") != std::string::npos;
    EXPECT_EQ(is_cut, attempts == "1");
    EXPECT_EQ(answer.body.find(kRole) != std::string::npos, attempts == "1");
  };
  const auto events = [](std::size_t count) {
    return chunk(repeat(kRole, static_cast<int>(count)));
  };
  check(events(kMaxHeldEvents), "2");
  check(events(kMaxHeldEvents + 1), "1");
  const std::string large = std::string(kRole) + ":" + std::string(kMaxHeldBytes / 2, ' ') + "\n\n";
  check(chunk(large), "2");
  check(chunk(large + large), "1");
}

TEST(WorkerHostile, PutsNothingIntoHalfOfAnEvent) {
  RunningGate gate([](config::Settings& s) { s.limits.response_event_bytes = 1000; });
  Peer client = gate.connect();
  client.send(post_chat(kAskStream));
  Peer upstream = gate.main.accept();
  read_message(upstream);
  const std::string half = delta(std::string(5000, 'x')).substr(0, 3000);
  upstream.send(std::string(kStreamHead) + chunk(half));
  client.read_until("\r\n\r\n");
  EXPECT_EQ(testing::read_chunk(client), half);
  upstream.close();
  EXPECT_EQ(client.read_to_end(), "") << "no event, and no last-chunk that would make it whole";
}

TEST(WorkerHostile, KnowsThatAResponseMayEndWithAnEventTooLargeToBeSeen) {
  const std::string last =
      "event: response.completed\ndata: {\"type\":\"response.completed\",\"p\":\"" +
      std::string(5000, 'x') + "\"}\n\n";
  const auto check = [](const std::string& request, const std::string& events,
                        const std::string& outcome) {
    SCOPED_TRACE(request);
    RunningGate gate([](config::Settings& s) { s.limits.response_event_bytes = 1000; });
    Peer client = gate.connect();
    client.send(request);
    Peer upstream = gate.main.accept();
    read_message(upstream);
    upstream.send(std::string(kStreamHead));
    for (std::size_t at = 0; at < events.size(); at += 900) {
      upstream.send(chunk(std::string_view(events).substr(at, 900)));
    }
    upstream.send(kLastChunk);
    const Message answer = read_message(client);
    EXPECT_TRUE(answer.body.starts_with(events));
    EXPECT_EQ(answer.body.size() == events.size(), outcome.ends_with("- 1")) << answer.body;
    EXPECT_EQ(gate.outcome_of(answer), outcome);
  };
  const std::string begun =
      "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\","
      "\"sequence_number\":1,\"delta\":\"x\"}\n\n";
  const std::string ask = post("/v1/responses", R"({"model":"chat","input":"x","stream":true})");
  check(ask, begun + last, "0 - 1");
  check(ask, last + begun, "3 missing_done 1");
  check(post_chat(kAskStream), delta("a") + delta(std::string(5000, 'x')), "3 missing_done 1");
}

TEST(WorkerHostile, RelaysAWholeAnswerToAClientThatAskedForAStream) {
  RunningGate gate;
  Peer client = gate.connect();
  client.send(post_chat(kAskStream));
  Peer upstream = gate.main.accept();
  read_message(upstream);
  upstream.send(json_answer(kAnswer));
  const Message answer = read_message(client);
  EXPECT_EQ(answer.body, kAnswer);
  EXPECT_EQ(answer.field("content-type"), "application/json");
  EXPECT_EQ(gate.record_of(answer).outcome, router::Outcome::ok);
}

TEST(WorkerHostile, NeverRepeatsWhatMayHaveTakenEffect) {
  const std::string padding(2000, 'x');
  const auto check = [](const std::string& request, bool repeats) {
    SCOPED_TRACE(request.substr(0, 200));
    RunningGate gate([](config::Settings& s) {
      RunningGate::with_backup(s);
      s.retry.max_replay_bytes = 1000;
    });
    Peer client = gate.connect();
    client.send(request);
    Peer upstream = gate.main.accept();
    read_message(upstream);
    upstream.send(json_answer("first", "", "500 Oops"));
    if (repeats) {
      Peer other = gate.backup.accept();
      read_message(other);
      other.send(json_answer(kAnswer));
      EXPECT_EQ(read_message(client).body, kAnswer);
    } else {
      const Message answer = read_message(client);
      EXPECT_EQ(answer.status(), 500);
      EXPECT_EQ(answer.body, "first");
      EXPECT_EQ(answer.field("x-tallygate-attempts"), "1");
      EXPECT_FALSE(gate.backup.has_connection());
    }
  };
  check(post_chat(kAsk), true);
  check(post_chat(R"({"model":"chat","messages":[],"store":false})"), true);
  check(post_chat(R"({"model":"chat","messages":[],"store":true})"), false);
  check(post("/v1/responses", R"({"model":"chat","input":"x"})"), false);
  check(post_chat(R"({"model":"chat","messages":[],"p":")" + padding.substr(0, 500) + "\"}"), true);
  check(post_chat(R"({"model":"chat","messages":[],"p":")" + padding + "\"}"), false);
}

TEST(WorkerHostile, RepeatsAnythingThatWasNeverSent) {
  RunningGate gate(RunningGate::with_backup);
  gate.main.close();
  Peer client = gate.connect();
  client.send(post_chat(R"({"model":"chat","messages":[],"store":true})"));
  Peer other = gate.backup.accept();
  read_message(other);
  other.send(json_answer(kAnswer));
  EXPECT_EQ(read_message(client).field("x-tallygate-attempts"), "2");
}

TEST(WorkerHostile, DoesNotRepeatWhatMayHaveTakenEffectOnAStaleConnectionEither) {
  WarmGate warm;
  warm.client.send(post_chat(R"({"model":"chat","messages":[],"store":true})"));
  read_message(warm.pooled);
  warm.pooled.close();
  const Message answer = read_message(warm.client);
  EXPECT_EQ(answer.status(), 502);
  EXPECT_FALSE(warm.gate.main.has_connection());
}

TEST(WorkerHostile, ClosesTheIdleConnectionsOfABenchedTarget) {
  WarmGate warm;
  const auto now = std::chrono::steady_clock::now();
  warm.gate.health.bench(warm.gate.targets.slot_of("main"), now, now + std::chrono::hours{1});
  EXPECT_TRUE(warm.pooled.closes_silently());
}

}  // namespace
}  // namespace tallygate
