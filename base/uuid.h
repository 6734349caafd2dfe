#pragma once
// Request and document ids: UUIDv7 (RFC 9562), so that keys sort by the time they were made.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace tallygate {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};  ///< big-endian, as the RFC writes them
  auto operator<=>(const Uuid&) const = default;

  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

/// Milliseconds of `now` in the first 48 bits, then 74 bits of `high` and `low`, which the caller
/// draws at random. Pure: no clock and no dice in here.
Uuid make_uuid_v7(WallTime now, std::uint64_t high, std::uint64_t low);

/// The smallest v7 id that can have been made at `time`: a range bound for scans and retention.
Uuid first_uuid_at(WallTime time);

/// When the id was made, to the millisecond.
WallTime time_of(const Uuid& id);

inline constexpr std::size_t kUuidTextBytes = 36;

/// 8-4-4-4-12 lower-case hexadecimal digits into `out`, which holds kUuidTextBytes.
void render_uuid(const Uuid& id, char* out);
std::string to_string(const Uuid& id);

/// Accepts the form above, either case; anything else is an invalid_parameter.
Result<Uuid> parse_uuid(std::string_view text);

}  // namespace tallygate
