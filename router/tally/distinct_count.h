#pragma once
// How many different units were seen, in 16 KiB however many there are: HyperLogLog with 2^14
// registers over XXH3 of the unit's hash. It counts as it goes: a unit that changes a register adds
// the inverse of the probability that a new one would (the martingale estimator of Ting, "Streamed
// approximate counting of distinct elements", 2014), in integers, so that a replay in the same
// order gives the same count. So each new unit can be credited to the epoch and arm it came with.
// Standard error sqrt(ln 2 / 2^14) = 0.65 %. Not thread-safe; a value.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tallygate::router {

class DistinctCount {
 public:
  static constexpr int kPrecision = 14;
  static constexpr std::size_t kRegisters = std::size_t{1} << kPrecision;
  /// Counts are in 1/65536 units.
  static constexpr int kFractionBits = 16;

  /// What the count grows by: 0 when the unit was seen, or looks like one that was.
  std::uint64_t add(std::uint64_t unit_hash);

  /// The registers, appended to `out`; `decode` consumes them from the front of `in`. Errors:
  /// storage_corrupt.
  void encode(std::string& out) const;
  static Result<DistinctCount> decode(std::string_view& in);
  bool operator==(const DistinctCount&) const = default;

 private:
  std::vector<std::uint8_t> registers_;  ///< empty until the first add()
  std::uint64_t unseen_ = 0;             ///< sum of 2^(kMaxRank - register) over all registers
};

}  // namespace tallygate::router
