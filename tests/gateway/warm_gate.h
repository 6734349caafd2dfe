#pragma once
// A running gate that has served once.

#include "tests/gateway/running_gate.h"

namespace tallygate {

/// A gate, a client, and a connection to `main` that has served once and idles in the pool.
struct WarmGate {
  static constexpr std::string_view kAsk = R"({"model":"chat","messages":[]})";
  static constexpr std::string_view kAnswer = R"({"id":"chatcmpl-1","choices":[]})";

  RunningGate gate;
  testing::Peer client;
  testing::Peer pooled{-1};

  explicit WarmGate(const RunningGate::Edit& edit = {}) : gate(edit), client(gate.connect()) {
    client.send(testing::post_chat(kAsk));
    pooled = gate.main.accept();
    testing::read_message(pooled);
    pooled.send(testing::json_answer(kAnswer));
    testing::read_message(client);
  }
  bool is_reused() {
    client.send(testing::post_chat(kAsk));
    return read_more_than_nothing(pooled);
  }
  static bool read_more_than_nothing(testing::Peer& peer) {
    try {
      return !testing::read_message(peer).head.empty();
    } catch (const std::runtime_error&) {
      return false;
    }
  }
};

}  // namespace tallygate
