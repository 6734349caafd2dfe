#pragma once
// How long an upstream asks to be left alone: Retry-After in seconds or as an HTTP date (RFC 9110
// section 10.2.3, IMF-fixdate only), and retry-after-ms, which model APIs send beside it. Pure.

#include <chrono>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace tallygate {

/// The values of the two fields, empty when absent. retry-after-ms is the finer one and wins.
/// nullopt = nothing that can be read; a date that has passed is zero.
std::optional<std::chrono::milliseconds> read_retry_after(std::string_view retry_after,
                                                          std::string_view retry_after_ms,
                                                          WallTime now);

}  // namespace tallygate
