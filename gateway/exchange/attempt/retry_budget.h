#pragma once
// How many retries a worker may still add to an upstream's trouble: over the last ten seconds,
// ratio * requests + floor. Time is an argument; one worker's own.

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/time.h"
#include "config/settings.h"

namespace tallygate {

class RetryBudget {
 public:
  void set_rules(const config::Retry& rules) {
    ratio_ = rules.budget_ratio;
    floor_ = rules.budget_floor;
  }
  void earn(SteadyTime now) { ++bucket(now).requests; }
  void spend(SteadyTime now) { ++bucket(now).retries; }
  bool has_any(SteadyTime now) {
    bucket(now);
    double requests = 0;
    double retries = 0;
    for (const Bucket& b : buckets_) {
      requests += b.requests;
      retries += b.retries;
    }
    return retries < requests * ratio_ + floor_;
  }

 private:
  static constexpr std::int64_t kSeconds = 10;
  struct Bucket {
    std::uint32_t requests = 0;
    std::uint32_t retries = 0;
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

  std::array<Bucket, kSeconds> buckets_{};
  std::int64_t second_ = 0;
  double ratio_ = 0.2;
  std::uint32_t floor_ = 30;
};

}  // namespace tallygate
