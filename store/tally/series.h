#pragma once
// Time series of the tallies' keys: plain sums of the records that ended within a minute, an hour,
// a day (UTC). Minutes are kept for 24 hours, hours for 30 days, and up to as much longer, for they
// are dropped by the chunk; days stay. Values and key codec; pure.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "router/tally/tally_key.h"
#include "router/tally/totals.h"

namespace tallygate::store {

enum class Resolution : std::uint8_t { minute, hour, day };
inline constexpr Resolution kResolutions[] = {Resolution::minute, Resolution::hour,
                                              Resolution::day};

/// Sums over all keys that pass. A record counts under performance and variant keys, so one kind
/// only is summed: performance where the filter names none and no experiment.
struct SeriesQuery {
  router::TallyFilter keys;
  Resolution resolution = Resolution::minute;
  WallTime from;  ///< the bucket that holds it is the first
  WallTime to;    ///< exclusive
};
/// More are refused: three and a half days of minutes.
inline constexpr std::uint32_t kMaxSeriesPoints = 5000;

struct SeriesPoint {
  WallTime start;
  router::Totals totals;
  bool operator==(const SeriesPoint&) const = default;
};

/// Buckets are numbered from the epoch; the last ones of u32 are not used.
inline constexpr std::uint32_t kLastMinute = UINT32_MAX - 1;

/// When `record` ended: start and latency. Before the epoch is the epoch.
std::uint32_t minute_of_end(const router::Record& record);
std::uint32_t minute_of(WallTime time);
std::uint32_t minutes_in(Resolution resolution);
inline std::uint32_t bucket_of(std::uint32_t minute, Resolution resolution) {
  return minute / minutes_in(resolution);
}
WallTime start_of(std::uint32_t bucket, Resolution resolution);

/// Buckets that are dropped together, and are together in the database: a day of minutes, 30 days
/// of hours, all days.
std::uint32_t buckets_in_chunk(Resolution resolution);

/// Resolution, big-endian chunk, encoded TallyKey, big-endian bucket.
std::string series_key(Resolution resolution, std::uint32_t bucket, const router::TallyKey& key);
/// Before every key of `chunk`.
std::string series_chunk_key(Resolution resolution, std::uint32_t chunk);
inline constexpr std::size_t kSeriesKeyBytes = 1 + 4 + router::kTallyKeyBytes + 4;

}  // namespace tallygate::store
