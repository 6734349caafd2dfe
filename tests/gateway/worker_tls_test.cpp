// Upstreams behind TLS.

#include <gtest/gtest.h>

#include "tests/gateway/running_gate.h"
#include "tests/support/tls_peer.h"

namespace tallygate {
namespace {

using testing::json_answer;
using testing::Peer;
using testing::post_chat;
using testing::read_message;

void behind_tls(config::Settings& settings) {
  config::Target& target = settings.targets["main"];
  target.url.replace(0, 4, "https");
  target.verify_tls = false;
}

TEST(WorkerTls, ReusesAConnectionDespiteSessionTickets) {
  const auto context = testing::make_test_context();
  RunningGate gate(behind_tls);
  Peer client = gate.connect();
  client.send(post_chat(R"({"model":"chat","messages":[]})"));
  testing::TlsPeer upstream(context, gate.main.accept());
  for (int i = 0; i < 3; ++i) {
    upstream.read_until(R"("messages":[]})");
    upstream.send(json_answer("{}"));
    EXPECT_EQ(read_message(client).body, "{}");
    if (i < 2) client.send(post_chat(R"({"model":"chat","messages":[]})"));
  }
  EXPECT_FALSE(gate.main.has_connection());
}

TEST(WorkerTls, SendsALargeRequestWhole) {
  const auto context = testing::make_test_context();
  RunningGate gate(behind_tls);
  Peer client = gate.connect();
  const std::string tail =
      R"(,"messages":[],"pad":")" + std::string(std::size_t{20} << 20, 'x') + "\"}";
  client.send(post_chat(R"({"model":"chat")" + tail));
  testing::TlsPeer upstream(context, gate.main.accept());
  upstream.read_until("\r\n\r\n");
  const std::string sent = R"({"model":"llama")" + tail;
  EXPECT_TRUE(upstream.read_exactly(sent.size()) == sent);
  upstream.send(json_answer("{}"));
  EXPECT_EQ(read_message(client).body, "{}");
}

TEST(WorkerTls, RefusesACertificateItCannotVerify) {
  const auto context = testing::make_test_context();
  RunningGate gate([](config::Settings& s) {
    behind_tls(s);
    s.targets["main"].verify_tls = true;
  });
  Peer client = gate.connect();
  client.send(post_chat(R"({"model":"chat","messages":[]})"));
  EXPECT_THROW(testing::TlsPeer(context, gate.main.accept()).read_until("\n"), std::runtime_error);
  const testing::Message answer = read_message(client);
  EXPECT_EQ(answer.status(), 502);
  EXPECT_NE(answer.body.find("upstream_connect_error"), std::string::npos) << answer.body;
}

TEST(WorkerTls, TellsOfAnUpstreamThatDoesNotSpeakTls) {
  RunningGate gate(behind_tls);
  Peer client = gate.connect();
  client.send(post_chat(R"({"model":"chat","messages":[]})"));
  Peer upstream = gate.main.accept();
  upstream.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  const testing::Message answer = read_message(client);
  EXPECT_EQ(answer.status(), 502);
  EXPECT_NE(answer.body.find("TLS"), std::string::npos) << answer.body;
}

}  // namespace
}  // namespace tallygate
