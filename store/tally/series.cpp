#include "store/tally/series.h"

#include <algorithm>

#include "store/bytes.h"

namespace tallygate::store {
namespace {

constexpr std::uint64_t kMinuteMicros = 60'000'000;

std::uint64_t micros_from_epoch(WallTime time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, micros_since_epoch(time)));
}

std::uint32_t minute_at(std::uint64_t micros) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(micros / kMinuteMicros, kLastMinute));
}

}  // namespace

std::uint32_t minute_of_end(const router::Record& record) {
  return minute_at(micros_from_epoch(record.started) + record.latency_us);
}

std::uint32_t minute_of(WallTime time) { return minute_at(micros_from_epoch(time)); }

std::uint32_t minutes_in(Resolution resolution) {
  switch (resolution) {
    case Resolution::minute: return 1;
    case Resolution::hour: return 60;
    case Resolution::day: return 24 * 60;
  }
  return 1;
}

WallTime start_of(std::uint32_t bucket, Resolution resolution) {
  return WallTime{std::chrono::minutes{std::int64_t{bucket} * minutes_in(resolution)}};
}

std::uint32_t buckets_in_chunk(Resolution resolution) {
  switch (resolution) {
    case Resolution::minute: return 24 * 60;
    case Resolution::hour: return 30 * 24;
    case Resolution::day: return UINT32_MAX;
  }
  return UINT32_MAX;
}

std::string series_chunk_key(Resolution resolution, std::uint32_t chunk) {
  return std::string(1, static_cast<char>(resolution)) + big_endian(chunk);
}

std::string series_key(Resolution resolution, std::uint32_t bucket, const router::TallyKey& key) {
  std::string bytes = series_chunk_key(resolution, bucket / buckets_in_chunk(resolution));
  router::encode(key, bytes);
  return bytes + big_endian(bucket);
}

}  // namespace tallygate::store
