#pragma once
// How many retries the gate may still add to its upstreams' trouble: over the last ten seconds,
// ratio * requests + floor (reference wire.md section 4.2). Each worker earns by its own requests;
// the floor is the process's, and workers touch it only for a retry that they have not earned. Time
// is an argument.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "base/time.h"
#include "config/settings.h"

namespace tallygate {

/// The retries that all workers may make together whatever the load. Any thread.
class RetryFloor {
 public:
  /// False: `floor` of them were made within ten seconds.
  bool take(SteadyTime now, std::uint32_t floor);

 private:
  static constexpr std::uint64_t kSeconds = 10;

  std::uint64_t taken_within(std::uint64_t second) const;

  /// By second modulo kSeconds: the second, and in the lower half how many were taken in it.
  std::array<std::atomic<std::uint64_t>, kSeconds> buckets_{};
};

/// One worker's own.
class RetryBudget {
 public:
  explicit RetryBudget(RetryFloor& floor) : floor_(floor) {}

  void set_rules(const config::Retry& rules) {
    ratio_ = rules.budget_ratio;
    floor_limit_ = rules.budget_floor;
  }
  void earn(SteadyTime now) { ++bucket(now).requests; }
  /// Takes one retry. False: there is none left.
  bool spend(SteadyTime now) {
    Bucket& current = bucket(now);
    double requests = 0;
    double retries = 0;
    for (const Bucket& b : buckets_) {
      requests += b.requests;
      retries += b.retries;
    }
    if (retries + 1 > requests * ratio_) return floor_.take(now, floor_limit_);
    ++current.retries;
    return true;
  }

 private:
  static constexpr std::int64_t kSeconds = 10;
  struct Bucket {
    std::uint32_t requests = 0;
    std::uint32_t retries = 0;  ///< that requests have earned
  };

  /// The bucket of this second; those of seconds that passed since the last call are emptied.
  Bucket& bucket(SteadyTime now) {
    const std::int64_t second =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    if (second - second_ >= kSeconds) buckets_.fill({});
    for (; second_ < second && second - second_ < kSeconds; ++second_) {
      buckets_[static_cast<std::size_t>((second_ + 1) % kSeconds)] = {};
    }
    second_ = std::max(second_, second);
    return buckets_[static_cast<std::size_t>(second_ % kSeconds)];
  }

  RetryFloor& floor_;
  std::array<Bucket, kSeconds> buckets_{};
  std::int64_t second_ = 0;
  double ratio_ = 0.2;
  std::uint32_t floor_limit_ = 30;
};

}  // namespace tallygate
