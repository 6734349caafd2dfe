#pragma once
// Records for tests: small typical ones, and random ones from a seed that is to be printed.

#include <random>
#include <string>

#include "router/record.h"

namespace tallygate::testing {

/// The n-th request of a test that starts at `start`, one each millisecond.
inline router::Record small_record(std::uint64_t n, WallTime start = WallTime{}) {
  router::Record record;
  record.started = start + std::chrono::milliseconds{n};
  record.id = make_uuid_v7(record.started, n & 0xFFF, n << 2);
  record.route = 1;
  record.assigned_version = record.served_version = 2;
  record.target = 3;
  record.attempt_count = 1;
  record.status = 200;
  record.latency_us = 1000 + static_cast<std::uint32_t>(n % 100);
  record.output_tokens = 7;
  return record;
}

class RandomRecords {
 public:
  explicit RandomRecords(std::uint64_t seed) : dice_(seed) {}

  router::Record next() {
    router::Record r;
    for (auto& byte : r.id.bytes) byte = number<std::uint8_t>();
    r.started = WallTime{std::chrono::microseconds{number<std::int64_t>()}};
    for (auto* name :
         {&r.route, &r.assigned_version, &r.served_version, &r.experiment, &r.target}) {
      *name = number<std::uint32_t>();
    }
    r.epoch = number<std::uint32_t>();
    r.slot = number<std::uint16_t>();
    r.variant = number<std::uint8_t>();
    r.conversation = static_cast<router::Conversation>(below(router::kConversationCount));
    r.outcome = static_cast<router::Outcome>(below(router::kOutcomeCount));
    r.error = static_cast<Errc>(below(kErrcCount));
    r.phase = static_cast<router::Phase>(below(static_cast<int>(router::Phase::finishing) + 1));
    r.status = number<std::uint16_t>();
    r.attempt_count = number<std::uint8_t>();
    r.streamed = below(2) == 1;
    r.unacknowledged = below(2) == 1;
    r.mirrored = below(2) == 1;
    r.exceeded = below(2) == 1;
    for (auto* field : {&r.latency_us, &r.first_token_us, &r.overhead_us, &r.input_tokens,
                        &r.output_tokens, &r.cached_tokens, &r.event_count}) {
      *field = number<std::uint32_t>();
    }
    r.unit_hash = number<std::uint64_t>();
    r.request_bytes = number<std::uint64_t>();
    r.response_bytes = number<std::uint64_t>();
    r.cost_nano_usd = number<std::int64_t>();
    r.attempts.resize(below(2) == 0 ? 0 : below(9));
    for (auto& attempt : r.attempts) attempt = random_attempt();
    r.tags = text();
    r.response_id = text();
    if (r.mirrored) {
      for (auto& byte : r.mirror_of.bytes) byte = number<std::uint8_t>();
    }
    return r;
  }

 private:
  template <class T>
  T number() {
    return static_cast<T>(dice_());
  }
  std::size_t below(int count) { return dice_() % static_cast<std::uint64_t>(count); }
  std::string text() {
    std::string bytes(below(3) == 0 ? below(300) : 0, '\0');
    for (char& c : bytes) c = number<char>();
    return bytes;
  }
  router::Attempt random_attempt() {
    router::Attempt attempt;
    attempt.target = number<std::uint32_t>();
    attempt.status = number<std::uint16_t>();
    attempt.cause = static_cast<Errc>(below(kErrcCount));
    attempt.failed = below(2) == 1;
    attempt.start_ms = number<std::uint32_t>();
    attempt.duration_ms = number<std::uint32_t>();
    attempt.route = number<std::uint32_t>();
    attempt.version = number<std::uint32_t>();
    return attempt;
  }

  std::mt19937_64 dice_;
};

}  // namespace tallygate::testing
