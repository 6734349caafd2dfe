#pragma once
// Limits as header fields, in the names that OpenAI's and Anthropic's clients know. Pure.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "config/settings.h"

namespace tallygate::access {

struct RateShare {
  std::string_view what;  ///< "requests" or "tokens"
  std::uint64_t limit = 0;
  std::uint64_t remaining = 0;
  std::chrono::nanoseconds reset_after{0};  ///< until all of it is there again
};

/// x-ratelimit-{limit,remaining,reset}-requests with reset as a Go duration, or
/// anthropic-ratelimit-requests-{limit,remaining,reset} with reset in RFC 3339; whole lines.
void append_rate_fields(const RateShare& share, config::Protocol protocol, WallTime now,
                        std::string& block);

/// Retry-After (1 to 60 s), retry-after-ms, and x-should-retry: false, since it is a quota that is
/// used up.
void append_retry_fields(std::chrono::nanoseconds retry_after, std::string& block);

/// As Go prints durations, rounded up to milliseconds: 12ms, 8.64s, 6m0s.
std::string render_go_duration(std::chrono::nanoseconds duration);

}  // namespace tallygate::access
