#pragma once
// How many wrong keys a client's address may send: 30 at once and 30 per minute, per worker. It
// keeps guessing and its answers cheap and costs nobody else anything: a right key is always let
// in. A fixed table of buckets by a seeded hash of the address, so strangers cannot make it grow;
// addresses that meet in one bucket share it. One worker's thread.

#include <array>
#include <memory>
#include <string_view>

#include "base/hash.h"
#include "base/time.h"
#include "router/rate_limit.h"

namespace tallygate::access {

class Refusals {
 public:
  static constexpr router::RateLimit kLimit{30};
  static constexpr std::size_t kBuckets = 4096;

  explicit Refusals(std::uint64_t seed = 0) : seed_(seed) {}

  /// One more from `address`: whether it is still told that its key is wrong, or when it will be.
  router::RateDecision count(std::string_view address, SteadyTime now) {
    if (buckets_ == nullptr) buckets_ = std::make_unique<Buckets>();
    router::FullAt& bucket = (*buckets_)[hash64(address, seed_) % kBuckets];
    const auto decision = router::take_from_bucket(kLimit, bucket, now.time_since_epoch(), 1);
    bucket = decision.full_at;
    return decision;
  }

 private:
  using Buckets = std::array<router::FullAt, kBuckets>;

  std::uint64_t seed_;
  std::unique_ptr<Buckets> buckets_;  ///< made when the first wrong key comes
};

}  // namespace tallygate::access
