#pragma once
// A token bucket that holds one minute's worth and fills evenly, as the generic cell rate algorithm
// (ITU-T I.371): its whole state is the moment at which it will be full again, so a lock-free
// counter is one atomic integer. Pure: the time is an argument.

#include <chrono>
#include <cstdint>

namespace tallygate::router {

/// Zero = no limit.
struct RateLimit {
  std::uint64_t per_minute = 0;
  bool operator==(const RateLimit&) const = default;
};

/// When the bucket is full again, on the steady clock. In the past = it is full.
using FullAt = std::chrono::nanoseconds;

struct RateDecision {
  bool allowed = true;
  FullAt full_at{0};                        ///< the state to keep; unchanged if not allowed
  std::uint64_t remaining = 0;              ///< what could be taken at once after this
  std::chrono::nanoseconds retry_after{0};  ///< until as much will be allowed; 0 if it is now
  std::chrono::nanoseconds reset_after{0};  ///< until the bucket is full
};

/// Takes `cost` if the bucket has it. In any span of W minutes at most (1 + W) * per_minute are
/// allowed (from 250,000 a minute on, a share below 1e-5 more, by rounding to nanoseconds).
RateDecision take_from_bucket(RateLimit limit, FullAt full_at, std::chrono::nanoseconds now,
                              std::uint64_t cost);

/// Takes what has been used already, into debt if need be, but never more than an hour's: what was
/// not known beforehand, such as tokens.
FullAt charge_bucket(RateLimit limit, FullAt full_at, std::chrono::nanoseconds now,
                     std::uint64_t cost);

}  // namespace tallygate::router
