#pragma once
// A tally is a fold of the journal and nothing else: mergeable sums and sketches. Owned by the
// journal thread; others get copies. Folding the same records in any grouping gives equal tallies.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "router/record.h"
#include "router/tally/sketch.h"
#include "router/tally/tally_key.h"
#include "router/tally/totals.h"

namespace tallygate::router {

/// Squares of 32-bit microseconds outgrow 64 bits after one. Cast to double to compute with it.
__extension__ using Uint128 = unsigned __int128;

/// The requests of one 64th of an arm's units: the clusters of reference experiments.md 4.5. The
/// mean of an outcome is its sum over its own count: latency over successes, first_token_us over
/// first_tokens, everything else over requests.
struct UserBucket {
  std::uint64_t requests = 0;
  std::uint64_t successes = 0;
  std::uint64_t errors = 0;  ///< by is_failure()
  std::uint64_t exceeded = 0;
  std::uint64_t latency_us_sum = 0;
  std::uint64_t first_tokens = 0;
  std::uint64_t first_token_us_sum = 0;
  std::uint64_t output_tokens = 0;
  std::int64_t cost_nano_usd = 0;
  bool operator==(const UserBucket&) const = default;
};
inline constexpr std::size_t kUserBuckets = 64;

/// Which one a unit falls into. Reference 4.5 says XXH3(salt2, unit) & 63; a record holds only
/// hash_unit(unit, 0), so this is XXH3 over the 12 little-endian bytes of that hash and the
/// experiment's NameId, which is as independent of the slots and differs between experiments. It
/// also differs between gates, whose dictionaries differ: sub-buckets of two gates must be put
/// side by side, not added.
std::size_t user_bucket_of(std::uint64_t unit_hash, NameId experiment);

struct Tally {
  std::array<std::uint64_t, kOutcomeCount> outcomes{};
  std::uint64_t attempts = 0;
  std::uint64_t failovers = 0;  ///< attempts that failed here, after which another target was tried
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

  // Variant tallies only.
  std::uint64_t exceeded = 0;  ///< requests whose latency passed the limit, however they ended
  std::uint64_t early_aborts =
      0;                          ///< client aborts before the limit: no sample of `exceeded` (4.3)
  std::vector<UserBucket> users;  ///< kUserBuckets; empty until a record has a unit
  /// Squares of single requests of the users, for the design effect. Tallies of an older format
  /// have none: `squared` says of how many requests they are.
  std::uint64_t squared = 0;
  Uint128 first_token_us_square_sum = 0;
  Uint128 output_tokens_square_sum = 0;
  Uint128 cost_nano_usd_square_sum = 0;
  /// Requests that were sent on their way, finished or not. Not a fold of records: the workers
  /// count them (store/journal/live_counts.h).
  std::uint64_t started = 0;

  std::uint64_t requests() const;
  std::uint64_t successes() const { return outcomes[static_cast<std::size_t>(Outcome::ok)]; }
  /// Failures that are not the client's doing.
  std::uint64_t failures() const;
  std::uint64_t client_aborts() const {
    return outcomes[static_cast<std::size_t>(Outcome::client_abort)];
  }
  Totals totals() const;

  /// `kind` is that of the key that it is counted under.
  void fold(const Record& record, TallyKey::Kind kind = TallyKey::Kind::performance);
  void fold_failover() { ++failovers; }
  void merge(const Tally& other);
  /// Little-endian with a version byte, appended to `out`; `decode` consumes it from the front of
  /// `in` (which is left anywhere on failure: storage_corrupt).
  void encode(std::string& out) const;
  static Result<Tally> decode(std::string_view& in);
  bool operator==(const Tally&) const = default;

 private:
  void fold_enrolled(const Record& record);
  /// What version 3 of the format added.
  Result<void> decode_third(std::string_view& in);
};

}  // namespace tallygate::router
