#pragma once
// How long an upstream asks to be left alone: Retry-After (RFC 9110, section 10.2.3) in seconds or
// as a date, and retry-after-ms, which the SDKs of OpenAI and Anthropic read first. Pure.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace tallygate {

/// SDKs give up, or ignore it, when they are told to wait longer.
inline constexpr std::chrono::seconds kLongestRetryAfter{60};

/// Of the values of both fields, either of which may be empty; nothing if neither makes sense. What
/// lies in the past is zero.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view retry_after,
                                                           std::string_view retry_after_ms,
                                                           WallTime now);

/// Both fields, as whole header lines: `wait` up to kLongestRetryAfter, the seconds rounded up.
void append_retry_after(std::chrono::milliseconds wait, std::string& block);

}  // namespace tallygate
