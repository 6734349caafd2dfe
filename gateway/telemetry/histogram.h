#pragma once
// A histogram that one thread writes and any thread may read. With a single writer an increment is
// a relaxed load and a relaxed store: two plain moves, no locked instruction. A reader may see a
// bucket before the sum that belongs to it; both only ever grow.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "gateway/telemetry/buckets.h"

namespace tallygate::telemetry {

/// Writer's thread only.
template <class T>
void add_relaxed(std::atomic<T>& cell, T amount) {
  cell.store(cell.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

using Counter = std::atomic<std::uint64_t>;
using Gauge = std::atomic<std::int64_t>;

/// A copy for rendering; sums over workers.
template <class Bounds>
struct HistogramTotals {
  static constexpr std::size_t kBuckets = Bounds::kBounds.size() + 1;
  std::array<std::uint64_t, kBuckets> counts{};
  std::uint64_t sum = 0;

  std::uint64_t count() const {
    std::uint64_t total = 0;
    for (const std::uint64_t n : counts) total += n;
    return total;
  }
};

template <class Bounds>
class Histogram {
 public:
  using Totals = HistogramTotals<Bounds>;

  void record(std::uint64_t value) {
    add_relaxed<std::uint64_t>(sum_, value);
    add_relaxed<std::uint64_t>(counts_[Bounds::bucket(value)], 1);
  }

  /// Adds values that were sorted into buckets before.
  template <class Counts>
  void merge(const Counts& counts, std::uint64_t sum) {
    add_relaxed<std::uint64_t>(sum_, sum);
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts[i] != 0) add_relaxed<std::uint64_t>(counts_[i], counts[i]);
    }
  }

  /// Any thread.
  void add_to(Totals& totals) const {
    totals.sum += sum_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      totals.counts[i] += counts_[i].load(std::memory_order_relaxed);
    }
  }

 private:
  Counter sum_{0};
  std::array<Counter, Totals::kBuckets> counts_{};
};

}  // namespace tallygate::telemetry
