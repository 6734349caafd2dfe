#pragma once
// Points in time as people write them: RFC 3339. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace tallygate::api {

/// UTC with microseconds: "2026-11-21T08:03:10.000250Z".
std::string render_rfc3339(WallTime time);

/// Date and time with Z or an offset; up to nine digits of fraction (further than microseconds are
/// dropped). Years 1970 to 9999, in UTC too. Anything else is nullopt.
std::optional<WallTime> parse_rfc3339(std::string_view text);

/// RFC 3339, or a duration such as 90s, 1h or 7d, which means that long before `now`.
std::optional<WallTime> parse_moment(std::string_view text, WallTime now);

}  // namespace tallygate::api
