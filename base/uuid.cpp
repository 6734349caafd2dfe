#include "base/uuid.h"

namespace tallygate {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

constexpr bool is_dash_position(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void put_big_endian(std::uint8_t* out, std::uint64_t value, int byte_count) {
  for (int i = byte_count - 1; i >= 0; --i) {
    out[i] = static_cast<std::uint8_t>(value & 0xFF);
    value >>= 8;
  }
}

std::uint64_t millis_of(WallTime time) {
  const auto micros = micros_since_epoch(time);
  return micros < 0 ? 0 : static_cast<std::uint64_t>(micros / 1000);
}

}  // namespace

Uuid make_uuid_v7(WallTime now, std::uint64_t high, std::uint64_t low) {
  Uuid id;
  put_big_endian(id.bytes.data(), millis_of(now), 6);
  put_big_endian(id.bytes.data() + 6, 0x7000 | (high & 0x0FFF), 2);
  put_big_endian(id.bytes.data() + 8, (std::uint64_t{2} << 62) | (low >> 2), 8);
  return id;
}

Uuid first_uuid_at(WallTime time) {
  Uuid id;
  put_big_endian(id.bytes.data(), millis_of(time), 6);
  return id;
}

WallTime time_of(const Uuid& id) {
  std::int64_t millis = 0;
  for (int i = 0; i < 6; ++i) millis = (millis << 8) | id.bytes[static_cast<std::size_t>(i)];
  return WallTime{std::chrono::milliseconds{millis}};
}

void render_uuid(const Uuid& id, char* out) {
  std::size_t at = 0;
  for (const std::uint8_t byte : id.bytes) {
    if (is_dash_position(at)) out[at++] = '-';
    out[at++] = kDigits[byte >> 4];
    out[at++] = kDigits[byte & 15];
  }
}

std::string to_string(const Uuid& id) {
  std::string text(kUuidTextBytes, '\0');
  render_uuid(id, text.data());
  return text;
}

Result<Uuid> parse_uuid(std::string_view text) {
  const auto refuse = [] {
    return make_error(Errc::invalid_parameter,
                      "not a request id: expected a UUID of 36 characters");
  };
  if (text.size() != kUuidTextBytes) return refuse();
  Uuid id;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_dash_position(i)) {
      if (text[i] != '-') return refuse();
      continue;
    }
    const int value = digit_value(text[i]);
    if (value < 0) return refuse();
    auto& byte = id.bytes[nibble / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | value);
    ++nibble;
  }
  return id;
}

}  // namespace tallygate
