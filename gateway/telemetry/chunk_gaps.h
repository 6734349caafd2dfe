#pragma once
// The times between the chunks of one stream. Owned by the exchange that relays it, so that a
// chunk costs two increments and no look-up; count_inference() adds the whole at the end.

#include <array>
#include <cstdint>

#include "gateway/telemetry/buckets.h"

namespace tallygate::telemetry {

struct ChunkGaps {
  std::array<std::uint32_t, OperationBounds::kBounds.size() + 1> counts{};
  std::uint64_t sum_us = 0;

  /// One chunk after the first: time since the one before.
  void add(std::uint64_t gap_us) {
    ++counts[OperationBounds::bucket(gap_us)];
    sum_us += gap_us;
  }
  /// `n` chunks that came in one read, `gap_us` after the one before: all but the first of them
  /// follow at once.
  void add_burst(std::uint64_t gap_us, std::uint32_t n) {
    if (n == 0) return;
    add(gap_us);
    counts[0] += n - 1;
  }
};

}  // namespace tallygate::telemetry
