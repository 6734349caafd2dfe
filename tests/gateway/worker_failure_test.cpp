// What a Worker makes of upstreams that fail.

#include <gtest/gtest.h>

#include "tests/gateway/running_gate.h"
#include "tests/gateway/warm_gate.h"

namespace tallygate {
namespace {

using testing::json_answer;
using testing::Message;
using testing::Peer;
using testing::post_chat;
using testing::read_message;

constexpr std::string_view kAsk = R"({"model":"chat","messages":[]})";
constexpr std::string_view kAnswer = R"({"id":"chatcmpl-1","choices":[]})";

TEST(WorkerFailure, ReusesAnUpstreamConnection) {
  WarmGate warm;
  EXPECT_TRUE(warm.is_reused());
  warm.pooled.send(json_answer(kAnswer));
  EXPECT_EQ(read_message(warm.client).body, kAnswer);
  EXPECT_FALSE(warm.gate.main.has_connection());
}

TEST(WorkerFailure, RepeatsARequestThatAStaleConnectionSwallowed) {
  for (const bool reset : {false, true}) {
    SCOPED_TRACE(reset);
    WarmGate warm;
    ASSERT_TRUE(warm.is_reused());
    if (reset) {
      warm.pooled.reset();
    } else {
      warm.pooled.close();
    }
    Peer fresh = warm.gate.main.accept();
    EXPECT_EQ(read_message(fresh).body, R"({"model":"llama","messages":[]})");
    fresh.send(json_answer(kAnswer));
    const Message answer = read_message(warm.client);
    EXPECT_EQ(answer.body, kAnswer);
    EXPECT_EQ(answer.field("x-tallygate-attempts"), "1");
    const router::Record record = warm.gate.record_of(answer);
    EXPECT_EQ(record.attempt_count, 1);
    EXPECT_EQ(record.outcome, router::Outcome::ok);
    const auto slot = warm.gate.targets.slot_of("main");
    EXPECT_EQ(warm.gate.health.state(slot).failures_in_row, 0U) << "no blame for an old race";
  }
}

TEST(WorkerFailure, NeverReusesAConnectionThatWasToClose) {
  for (const std::string_view bytes :
       {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\n\r\n{}",
        "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}extra",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\n{}\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"}) {
    SCOPED_TRACE(bytes);
    RunningGate gate;
    Peer client = gate.connect();
    client.send(post_chat(kAsk));
    Peer upstream = gate.main.accept();
    read_message(upstream);
    upstream.send(bytes);
    EXPECT_EQ(read_message(client).body, "{}");
    EXPECT_TRUE(upstream.closes_silently());
    client.send(post_chat(kAsk));
    Peer fresh = gate.main.accept();
    read_message(fresh);
    fresh.send(json_answer(kAnswer));
    EXPECT_EQ(read_message(client).body, kAnswer);
  }
}

/// What `bytes` and a close of a fresh upstream connection make of a request: status, code,
/// attempts, x-should-retry.
void check_failure(std::string_view bytes, const std::string& expected, bool reset = false) {
  SCOPED_TRACE(bytes.substr(0, 80));
  RunningGate gate;
  Peer client = gate.connect();
  client.send(post_chat(kAsk));
  Peer upstream = gate.main.accept();
  read_message(upstream);
  upstream.send(bytes);
  if (reset) {
    upstream.reset();
  } else {
    upstream.close();
  }
  const Message answer = read_message(client);
  const std::size_t code = answer.body.find(R"("code":")");
  EXPECT_EQ(std::to_string(answer.status()) + " " +
                (code == std::string::npos
                     ? answer.body
                     : answer.body.substr(code + 8, answer.body.find('"', code + 8) - code - 8)) +
                " " + answer.field("x-tallygate-attempts") + " " + answer.field("x-should-retry"),
            expected);
  EXPECT_EQ(gate.record_of(answer).attempt_count, 1);
  client.send("GET /livez HTTP/1.1\r\nHost: gate\r\n\r\n");
  EXPECT_EQ(read_message(client).status(), 200) << "the client's connection stays";
}

TEST(WorkerFailure, TellsWhatWentWrongWithAnUpstream) {
  check_failure("", "502 upstream_reset 1 false");
  check_failure("", "502 upstream_reset 1 false", true);
  check_failure("HTTP/1.1 200", "502 upstream_reset 1 false");
  check_failure("garbage\r\n\r\n", "502 upstream_bad_response 1 false");
  check_failure("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
                "502 upstream_bad_response 1 false");
  check_failure("HTTP/1.1 101 Switching Protocols\r\n\r\n", "502 upstream_bad_response 1 false");
  check_failure("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n",
                "502 upstream_bad_response 1 false");
  check_failure("HTTP/1.1 307 Elsewhere\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n",
                "502 upstream_bad_response 1 false");
  check_failure(json_answer(R"({"error":{"message":"too long"}})"),
                "502 upstream_stream_error 1 false");
  check_failure("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{",
                "502 upstream_stream_truncated 1 false");
  check_failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
                "502 upstream_stream_truncated 1 false");
}

TEST(WorkerFailure, RelaysTheStatusOfTheOnlyTarget) {
  check_failure(json_answer("oops", "", "500 Oops"), "500 oops 1 false");
  check_failure(json_answer("busy", "", "503 Busy"), "503 busy 1 false");
  check_failure(json_answer("bad", "", "400 Bad"), "400 bad 1 -");
  check_failure(json_answer("gone", "", "404 Gone"), "404 gone 1 -");
}

TEST(WorkerFailure, RelaysAQuotaWithItsRetryAfter) {
  RunningGate gate;
  Peer client = gate.connect();
  client.send(post_chat(kAsk));
  Peer upstream = gate.main.accept();
  read_message(upstream);
  upstream.send(json_answer("slow", "Retry-After: 7\r\n", "429 Slow"));
  const Message answer = read_message(client);
  EXPECT_EQ(answer.status(), 429);
  EXPECT_EQ(answer.field("retry-after"), "7");
  EXPECT_EQ(gate.health.state(gate.targets.slot_of("main")).failures_in_row, 0U);
}

TEST(WorkerFailure, TellsSdksWhatTheyObey) {
  const auto check = [](const std::string& fields, std::string_view body,
                        const std::string& expected) {
    SCOPED_TRACE(fields);
    RunningGate gate;
    Peer client = gate.connect();
    client.send(post_chat(kAsk));
    Peer upstream = gate.main.accept();
    read_message(upstream);
    upstream.send(json_answer(body, fields, "429 Slow"));
    const Message answer = read_message(client);
    EXPECT_EQ(answer.field("retry-after") + " " + answer.field("retry-after-ms") + " " +
                  answer.field("x-should-retry"),
              expected);
    EXPECT_EQ(answer.body, body);
  };
  check("", "slow", "- - -");
  check("Retry-After: 3600\r\n", "slow", "60 60000 -");
  check("Retry-After: 3600\r\nretry-after-ms: 250\r\nx-should-retry: true\r\n", "slow",
        "1 250 true");
  check("x-should-retry: true\r\n", R"({"error":{"code":"insufficient_quota"}})", "- - false");
}

TEST(WorkerFailure, TakesARefusalOfItsOwnConfigurationForNoAnswer) {
  const std::string no_model = R"({"error":{"code":"model_not_found"}})";
  const auto check = [](const std::string& refusal, bool passes_key, const std::string& expected) {
    SCOPED_TRACE(refusal);
    RunningGate gate([&](config::Settings& s) { s.targets["main"].pass_client_key = passes_key; });
    Peer client = gate.connect();
    client.send(post_chat(kAsk));
    Peer upstream = gate.main.accept();
    read_message(upstream);
    upstream.send(refusal);
    const Message answer = read_message(client);
    const bool is_ours = answer.body.find("upstream_auth_error") != std::string::npos;
    EXPECT_EQ(std::to_string(answer.status()) + (is_ours ? " ours" : ""), expected);
    EXPECT_EQ(gate.health.state(gate.targets.slot_of("main")).failures_in_row, 0U);
    EXPECT_EQ(gate.record_of(answer).attempt_count, 1);
  };
  check(json_answer("{}", "", "401 No"), false, "502 ours");
  check(json_answer("{}", "", "403 No"), false, "502 ours");
  check(json_answer("{}", "", "401 No"), true, "401");
  check(json_answer(no_model, "", "404 No"), false, "502 ours");
  check(json_answer(no_model, "", "404 No"), true, "404");
  check(json_answer("{}", "", "404 No"), false, "404");
}

TEST(WorkerFailure, FallsBackToTheNextTarget) {
  for (const std::string& failure :
       {std::string(), std::string("garbage\r\n\r\n"), json_answer("oops", "", "500 Oops"),
        json_answer("slow", "", "429 Slow"), json_answer("no", "", "401 No"),
        json_answer(R"({"error":{"code":"model_not_found"}})", "", "404 No"), json_answer(""),
        std::string("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    "Content-Length: 99\r\n\r\n{"),
        std::string("HTTP/1.1 404 No\r\nContent-Length: 99\r\n\r\n{")}) {
    SCOPED_TRACE(failure);
    RunningGate gate(RunningGate::with_backup);
    Peer client = gate.connect();
    client.send(post_chat(kAsk));
    Peer upstream = gate.main.accept();
    const Message first = read_message(upstream);
    upstream.send(failure);
    upstream.close();
    Peer other = gate.backup.accept();
    EXPECT_EQ(read_message(other).body, first.body);
    other.send(json_answer(kAnswer));
    const Message answer = read_message(client);
    EXPECT_EQ(answer.body, kAnswer);
    EXPECT_EQ(answer.field("x-tallygate-attempts"), "2");
    const router::Record record = gate.record_of(answer);
    EXPECT_EQ(record.outcome, router::Outcome::ok);
    ASSERT_EQ(record.attempts.size(), 2U);
    EXPECT_TRUE(record.attempts[0].failed);
    EXPECT_FALSE(record.attempts[1].failed);
  }
}

TEST(WorkerFailure, RelaysTheLastWordWhenAllTargetsFail) {
  RunningGate gate(RunningGate::with_backup);
  Peer client = gate.connect();
  client.send(post_chat(kAsk));
  Peer upstream = gate.main.accept();
  read_message(upstream);
  upstream.send(json_answer("first", "", "500 Oops"));
  Peer other = gate.backup.accept();
  read_message(other);
  other.send(json_answer("second", "", "502 Oops"));
  const Message answer = read_message(client);
  EXPECT_EQ(answer.status(), 502);
  EXPECT_EQ(answer.body, "second");
  EXPECT_EQ(answer.field("x-tallygate-attempts"), "2");
  EXPECT_EQ(answer.field("x-should-retry"), "false");
}

TEST(WorkerFailure, FallsBackFromATargetThatIsNotThere) {
  RunningGate gate(RunningGate::with_backup);
  gate.main.close();
  Peer client = gate.connect();
  Peer other(-1);
  for (int i = 0; i < 4; ++i) {
    client.send(post_chat(kAsk));
    if (i == 0) other = gate.backup.accept();
    read_message(other);
    other.send(json_answer(kAnswer));
    const Message answer = read_message(client);
    EXPECT_EQ(answer.body, kAnswer);
    EXPECT_EQ(answer.field("x-tallygate-attempts"), i < 3 ? "2" : "1") << "benched after three";
  }
}

TEST(WorkerFailure, TellsThatNoTargetIsThere) {
  RunningGate gate;
  gate.main.close();
  Peer client = gate.connect();
  client.send(post_chat(kAsk));
  const Message answer = read_message(client);
  EXPECT_EQ(answer.status(), 502);
  EXPECT_NE(answer.body.find("upstream_connect_error"), std::string::npos) << answer.body;
  EXPECT_EQ(answer.field("x-should-retry"), "false");
}

TEST(WorkerFailure, ObeysTheRetryBudget) {
  RunningGate gate([](config::Settings& s) {
    RunningGate::with_backup(s);
    s.retry.budget_ratio = 0;
    s.retry.budget_floor = 0;
    s.blacklist.failures = 1;
    s.targets["third"] = s.targets["backup"];
    s.routes["last"] = s.routes["spare"];
    s.routes["last"].versions["1"].targets = {"third"};
    s.routes["chat"].fallbacks = {"spare", "last"};
  });
  Peer client = gate.connect();
  client.send(post_chat(kAsk));
  Peer upstream = gate.main.accept();
  read_message(upstream);
  upstream.send(json_answer("first", "", "500 Oops"));
  Peer other = gate.backup.accept();  // the first fallback is exempt
  read_message(other);
  other.send(json_answer("second", "", "500 Oops"));
  const Message answer = read_message(client);
  EXPECT_EQ(answer.body, "second") << "no budget for a third";
  EXPECT_EQ(gate.record_of(answer).attempt_count, 2);
}

TEST(WorkerFailure, HearsOutATargetThatAnswersBeforeItHasTheBody) {
  RunningGate gate;
  Peer client = gate.connect();
  const std::string request = post_chat(R"({"model":"chat","messages":[],"pad":")" +
                                        std::string(std::size_t{20} << 20, 'x') + "\"}");
  std::thread sender([&] { client.send(request); });
  Peer upstream = gate.main.accept();
  upstream.read_until("\r\n\r\n");
  sender.join();  // the gate has the whole request; the upstream's socket is full by far
  upstream.send(json_answer("too much", "", "413 Too Large"));
  const Message answer = read_message(client);
  EXPECT_EQ(answer.status(), 413);
  EXPECT_EQ(answer.body, "too much");
  upstream.read_to_end();  // ends: the connection is not used again
}

TEST(WorkerFailure, BlamesNobodyForAHurryOfTheClients) {
  RunningGate gate(RunningGate::with_backup);
  Peer client = gate.connect();
  const std::string body(kAsk);
  client.send(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\n"
      "x-tallygate-timeout-ms: 1\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body);
  const Message answer = read_message(client);
  EXPECT_EQ(answer.status(), 504);
  EXPECT_NE(answer.body.find("deadline_exceeded"), std::string::npos) << answer.body;
  EXPECT_EQ(answer.field("x-tallygate-attempts"), "1") << "no time for another";
  EXPECT_EQ(gate.health.state(gate.targets.slot_of("main")).failures_in_row, 0U);
}

TEST(WorkerFailure, RefusesATimeThatIsNone) {
  RunningGate gate;
  for (const std::string time : {"0", "abc", "1.5", "300ms", "-1", "99999999999", "86400001"}) {
    Peer client = gate.connect();
    client.send(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: gate\r\n"
        "Content-Type: application/json\r\nx-tallygate-timeout-ms: " +
        time + "\r\nContent-Length: " + std::to_string(std::string_view(kAsk).size()) + "\r\n\r\n" +
        std::string(kAsk));
    const Message answer = read_message(client);
    EXPECT_EQ(answer.status(), 400) << time;
    EXPECT_NE(answer.body.find("x-tallygate-timeout-ms"), std::string::npos) << answer.body;
  }
}

TEST(WorkerFailure, HandsOnWhatIsNoJsonAsItComes) {
  RunningGate gate;
  Peer client = gate.connect();
  client.send(post_chat(kAsk));
  Peer upstream = gate.main.accept();
  read_message(upstream);
  upstream.send("HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 6\r\n\r\nabc");
  client.read_until("\r\n\r\n");
  EXPECT_EQ(client.read_exactly(3), "abc");
  upstream.send("def");
  EXPECT_EQ(client.read_exactly(3), "def");
}

TEST(WorkerFailure, StopsWhileAnUpstreamKeepsItsAnswerOpen) {
  RunningGate gate;
  Peer upstream(-1);
  {
    Peer client = gate.connect();
    client.send(post_chat(R"({"model":"chat","messages":[],"stream":true})"));
    upstream = gate.main.accept();
    read_message(upstream);
    upstream.send(std::string(testing::kStreamHead) +
                  testing::chunk(testing::delta("a") + std::string(testing::kDone)));
    EXPECT_EQ(read_message(client).status(), 200);
  }
  // Its last-chunk never comes; the gate's destructor must not wait for it.
}

TEST(WorkerFailure, CutsShortWhatIsStillRunningWhenItsPatienceEnds) {
  RunningGate gate(RunningGate::with_backup);
  Peer client = gate.connect();
  client.send(post_chat(kAsk));
  Peer upstream = gate.main.accept();
  read_message(upstream);
  gate.worker->drain(std::chrono::milliseconds{0});
  const Message answer = read_message(client);
  EXPECT_GE(answer.status(), 500);
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_FALSE(gate.backup.has_connection()) << "no new attempt while it stops";
  EXPECT_EQ(gate.health.state(gate.targets.slot_of("main")).failures_in_row, 0U)
      << "not the target's fault";
}

}  // namespace
}  // namespace tallygate
