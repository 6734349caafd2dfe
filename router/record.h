#pragma once
// One finished request, as the journal keeps it: exactly one per planned request. A value; made by
// a worker, encoded by store/, folded into tallies by router/tally.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "base/uuid.h"

namespace tallygate::router {

/// A name (route, version, experiment, target, model) in the journal's dictionary. 0 = none.
using NameId = std::uint32_t;

enum class Conversation : std::uint8_t {
  text_to_text,
  text_to_image,
  text_to_audio,
  text_to_video,
  audio_to_text,
  embedding,
  rerank,
  moderation,
};
inline constexpr int kConversationCount = 8;
std::string_view to_string(Conversation type);

/// How a request ended. Decided from the end of the answer, never from its status alone.
enum class Outcome : std::uint8_t {
  ok,
  client_error,           ///< the upstream answered 4xx: the client's doing
  upstream_error,         ///< 5xx, connect, timeout, bad response: no whole answer
  upstream_truncated,     ///< a stream or body that broke off after the first byte was sent
  upstream_stream_error,  ///< an error event inside a 200
  client_abort,
  client_slow,
  gateway_error,  ///< ours: no healthy upstream, overload, internal
};
inline constexpr int kOutcomeCount = 8;
std::string_view to_string(Outcome outcome);
/// Not whole, and not the client's doing.
constexpr bool is_failure(Outcome outcome) {
  return outcome == Outcome::upstream_error || outcome == Outcome::upstream_truncated ||
         outcome == Outcome::upstream_stream_error || outcome == Outcome::gateway_error;
}

/// Where a request was when its client left or an error ended it.
enum class Phase : std::uint8_t { none, queued, connecting, waiting, streaming, finishing };
std::string_view to_string(Phase phase);

inline constexpr std::uint8_t kNoVariant = 0xFF;

/// One try on one target.
struct Attempt {
  NameId target = 0;
  std::uint16_t status = 0;     ///< upstream's HTTP status, 0 = none came
  Errc cause = Errc::internal;  ///< meaningful only if `failed`
  bool failed = false;
  std::uint32_t start_ms = 0;  ///< after the request's start
  std::uint32_t duration_ms = 0;
  NameId route = 0;    ///< that the target was tried for: the request's own or a fallback's;
  NameId version = 0;  ///< both 0 in records of older gates
};

/// Durations in microseconds from the request's start (head complete); 0 = did not happen.
struct Record {
  Uuid id;
  WallTime started;
  NameId route = 0;
  NameId assigned_version = 0;
  NameId served_version = 0;          ///< 0 = none served
  NameId experiment = 0;              ///< 0 = not enrolled
  NameId target = 0;                  ///< the one that served, or the last one tried
  std::uint32_t epoch = 0;            ///< of the experiment's table
  std::uint16_t slot = 0;             ///< of the experiment's table
  std::uint8_t variant = kNoVariant;  ///< assigned variant, index into the experiment's variants
  Conversation conversation = Conversation::text_to_text;
  Outcome outcome = Outcome::ok;
  Errc error = Errc::internal;  ///< meaningful only if `outcome` is not ok
  Phase phase = Phase::none;
  std::uint16_t status = 0;  ///< what the client was sent; 499 = it had gone
  std::uint8_t attempt_count = 0;
  bool streamed = false;
  bool unacknowledged = false;  ///< released before it was committed (slow disk)
  bool mirrored = false;        ///< a shadow copy: its answer went nowhere, and it counts apart
  bool exceeded = false;        ///< latency passed the limit of its experiment
  std::uint32_t latency_us = 0;
  std::uint32_t first_token_us = 0;
  std::uint32_t overhead_us = 0;  ///< time inside the gate up to the response head
  std::uint32_t input_tokens = 0;
  std::uint32_t output_tokens = 0;
  std::uint32_t cached_tokens = 0;
  std::uint32_t event_count = 0;  ///< SSE events relayed
  std::uint64_t unit_hash = 0;    ///< 0 = no unit
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
  std::int64_t cost_nano_usd = 0;

  // The tail: absent in most records.
  std::vector<Attempt> attempts;  ///< filled only if more than one, or if the only one failed
  std::string tags;               ///< "k=v,k=v", as sent
  std::string response_id;        ///< the model's own id, e.g. "chatcmpl-..."
  Uuid mirror_of;                 ///< id of the request that `mirrored` copies
};

}  // namespace tallygate::router
