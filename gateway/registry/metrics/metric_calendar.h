#pragma once
// How often a metric is taken, and where a calendar period begins. UTC throughout; weeks begin on
// Monday (ISO 8601). Pure.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace tallygate::registry {

enum class Period : std::uint8_t { daily, weekly, monthly, one_time };
inline constexpr Period kCalendarPeriods[] = {Period::daily, Period::weekly, Period::monthly};

/// "daily", "weekly", "monthly", "one-time".
std::string_view to_string(Period period);
std::optional<Period> parse_period(std::string_view text);

/// The first moment of the period that holds `time`; of one-time it is `time` itself.
WallTime start_of(Period period, WallTime time);

}  // namespace tallygate::registry
