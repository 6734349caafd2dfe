#pragma once
// Latency sketch: OpenTelemetry's base-2 exponential histogram at fixed scale 5 (relative error
// 1.083 %), upper-inclusive buckets in milliseconds. Merging adds buckets, so it is exact.
// Formulas: reference experiments.md section 7. Not thread-safe; a value. Small: it holds the
// octaves between its lowest and its highest value only, 128 bytes each.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tallygate::router {

class Sketch {
 public:
  static constexpr int kScale = 5;
  static constexpr int kFirstIndex = -33;  ///< 0.5 ms and below end here
  static constexpr int kLastIndex = 703;   ///< over an hour ends here
  static constexpr std::size_t kBucketCount = kLastIndex - kFirstIndex + 1;

  /// Index of the bucket (b^i, b^(i+1)] that holds a finite `millis` > 0, at any scale 0..8, not
  /// clamped to the dense range. Exact, without log().
  static int bucket_index(double millis, int scale = kScale);
  /// Upper bound of bucket `index` at kScale, in milliseconds: the largest double in the bucket.
  static double upper_bound(int index);

  void insert_micros(std::uint64_t micros);
  void merge(const Sketch& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t sum_micros() const { return sum_micros_; }
  double sum_millis() const { return static_cast<double>(sum_micros_) / 1000.0; }
  double min_millis() const;
  double max_millis() const { return static_cast<double>(max_micros_) / 1000.0; }

  /// Value at quantile q in [0, 1], in milliseconds; 0 when empty. Within 1.083 % of the order
  /// statistic of rank ceil(q * count) (in the dense range), clamped to [min, max].
  double quantile(double q) const;

  /// Count of values in buckets whose upper bound is <= millis (plus zeros). The last bucket is
  /// open-ended: it counts once `millis` reaches the maximum.
  std::uint64_t count_at_most(double millis) const;

  /// A copy: dense counts from kFirstIndex; empty until the first insert above zero.
  std::vector<std::uint32_t> buckets() const;
  std::uint64_t zero_count() const { return zero_count_; }

  /// Sparse little-endian form, appended to `out`; `decode` consumes it from the front of `in`.
  void encode(std::string& out) const;
  /// Errors: storage_corrupt, with `in` left anywhere.
  static Result<Sketch> decode(std::string_view& in);

  bool operator==(const Sketch&) const = default;

 private:
  std::uint32_t& bucket(std::size_t dense);
  void grow_to(std::size_t dense);

  std::uint64_t count_ = 0;
  std::uint64_t zero_count_ = 0;
  std::uint64_t sum_micros_ = 0;
  std::uint64_t min_micros_ = UINT64_MAX;
  std::uint64_t max_micros_ = 0;
  std::size_t first_ = 0;              ///< dense index of counts_[0]
  std::vector<std::uint32_t> counts_;  ///< from the octave of the lowest to that of the highest
};

}  // namespace tallygate::router
