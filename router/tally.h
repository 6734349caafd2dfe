#pragma once
// A tally is a fold of the journal and nothing else: mergeable sums and sketches. Owned by the
// journal thread; others get copies. Folding the same records in any grouping gives equal tallies.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "router/record.h"
#include "router/sketch.h"

namespace tallygate::router {

/// Squares of 32-bit microseconds outgrow 64 bits after one. Cast to double to compute with it.
__extension__ using Uint128 = unsigned __int128;

/// What is counted together. Two kinds of key exist: `performance` (as served: target, version
/// and conversation type) and `variant` (as assigned: experiment, epoch, variant).
struct TallyKey {
  enum class Kind : std::uint8_t { performance = 1, variant = 2 };
  Kind kind = Kind::performance;
  NameId route = 0;
  NameId version = 0;  ///< performance: served version; variant: assigned version
  NameId target = 0;   ///< performance only
  Conversation conversation = Conversation::text_to_text;  ///< performance only
  NameId experiment = 0;                                   ///< variant only
  std::uint32_t epoch = 0;                                 ///< variant only
  std::uint8_t variant = kNoVariant;                       ///< variant only

  bool operator==(const TallyKey&) const = default;
};

std::uint64_t hash_of(const TallyKey& key);

struct Tally {
  std::array<std::uint64_t, kOutcomeCount> outcomes{};
  std::uint64_t attempts = 0;
  std::uint64_t streamed = 0;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::uint64_t cached_tokens = 0;
  std::int64_t cost_nano_usd = 0;
  /// Latency sums cover the same requests as `latency`, so mean and variance have n = successes().
  /// Integers, since sums of doubles would depend on the grouping.
  std::uint64_t latency_us_sum = 0;
  Uint128 latency_us_square_sum = 0;
  Sketch latency;      ///< whole requests that ended ok
  Sketch first_token;  ///< streams that got one

  std::uint64_t requests() const;
  std::uint64_t successes() const { return outcomes[static_cast<std::size_t>(Outcome::ok)]; }
  /// Failures that are not the client's doing.
  std::uint64_t failures() const;

  void fold(const Record& record);
  void merge(const Tally& other);
  /// Little-endian with a version byte, appended to `out`; `decode` consumes it from the front of
  /// `in` (which is left anywhere on failure: storage_corrupt).
  void encode(std::string& out) const;
  static Result<Tally> decode(std::string_view& in);
  bool operator==(const Tally&) const = default;
};

/// The keys that `record` counts under: one, or two when it is enrolled in an experiment.
struct TallyKeys {
  std::array<TallyKey, 2> keys;
  int count = 0;
};
TallyKeys keys_of(const Record& record);

inline constexpr std::size_t kTallyKeyBytes = 23;

/// kTallyKeyBytes, little-endian, appended to `out`; `decode_tally_key` consumes them from the
/// front of `in`. Errors: storage_corrupt.
void encode(const TallyKey& key, std::string& out);
Result<TallyKey> decode_tally_key(std::string_view& in);

}  // namespace tallygate::router
