#pragma once
// The plain sums of a set of records: what a point of a time series and a line of a summary are.
// Integers only and mergeable, like a Tally, of which they are the small part. A value; pure.

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "router/record.h"

namespace tallygate::router {

struct Totals {
  std::uint64_t requests = 0;
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;  ///< by is_failure(): those that are not the client's doing
  /// Attempts that failed here, after which another target was tried: no requests of their own.
  std::uint64_t failovers = 0;
  std::uint64_t streamed = 0;
  std::uint64_t latency_us_sum = 0;  ///< of successes
  std::uint64_t first_tokens = 0;    ///< requests that got one
  std::uint64_t first_token_us_sum = 0;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::int64_t cost_nano_usd = 0;

  void fold(const Record& record);
  void fold_failover() { ++failovers; }
  void merge(const Totals& other);
  /// Little-endian with a version byte, appended to `out`; `decode` consumes it from the front of
  /// `in`. Errors: storage_corrupt.
  void encode(std::string& out) const;
  static Result<Totals> decode(std::string_view& in);
  bool operator==(const Totals&) const = default;
};

/// Two's complement on purpose: bytes from a disk may sum to anything.
inline std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
  return std::bit_cast<std::int64_t>(std::bit_cast<std::uint64_t>(a) +
                                     std::bit_cast<std::uint64_t>(b));
}

}  // namespace tallygate::router
