#pragma once
// Histogram bounds, fixed at compile time so that all replicas agree: OpenTelemetry semantic
// conventions 1.41 (GenAI) and 1.44 (HTTP), with the longer tails that model calls need. A bucket
// counts values <= its bound; the last one has no bound. Bounds are integers in the unit that is
// recorded (microseconds, tokens, bytes); kPerUnit of them make one of the unit that is shown.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tallygate::telemetry {

/// How many of `bounds` are below `value`: the index of its bucket. No branches, so that the cost
/// does not depend on the value.
template <std::size_t N>
constexpr std::size_t bucket_among(const std::array<std::uint32_t, N>& bounds,
                                   std::uint64_t value) {
  const auto clamped = static_cast<std::uint32_t>(std::min<std::uint64_t>(value, UINT32_MAX));
  std::uint32_t index = 0;
  for (const std::uint32_t bound : bounds) index += static_cast<std::uint32_t>(clamped > bound);
  return index;
}

/// gen_ai.client.operation.* and gen_ai.server.request.duration: 10 ms, doubling.
struct OperationBounds {
  static constexpr double kPerUnit = 1e6;
  static constexpr std::array<std::uint32_t, 17> kBounds{
      10'000,     20'000,     40'000,      80'000,      160'000,    320'000,
      640'000,    1'280'000,  2'560'000,   5'120'000,   10'240'000, 20'480'000,
      40'960'000, 81'920'000, 163'840'000, 327'680'000, 655'360'000};
  static constexpr std::size_t bucket(std::uint64_t micros) {
    const std::uint64_t tens = (micros - static_cast<std::uint64_t>(micros != 0)) / 10'000;
    return std::min(static_cast<std::size_t>(std::bit_width(tens)), kBounds.size());
  }
};

struct FirstTokenBounds {
  static constexpr double kPerUnit = 1e6;
  static constexpr std::array<std::uint32_t, 21> kBounds{
      1'000,     5'000,      10'000,     20'000,     40'000,     60'000,     80'000,
      100'000,   250'000,    500'000,    750'000,    1'000'000,  2'500'000,  5'000'000,
      7'500'000, 10'000'000, 15'000'000, 20'000'000, 30'000'000, 45'000'000, 60'000'000};
  static constexpr std::size_t bucket(std::uint64_t v) { return bucket_among(kBounds, v); }
};

struct OutputTokenBounds {
  static constexpr double kPerUnit = 1e6;
  static constexpr std::array<std::uint32_t, 13> kBounds{
      10'000,  25'000,  50'000,  75'000,  100'000,   150'000,  200'000,
      300'000, 400'000, 500'000, 750'000, 1'000'000, 2'500'000};
  static constexpr std::size_t bucket(std::uint64_t v) { return bucket_among(kBounds, v); }
};

/// gen_ai.client.token.usage: 1, then times four.
struct TokenBounds {
  static constexpr double kPerUnit = 1;
  static constexpr std::array<std::uint32_t, 14> kBounds{
      1,      4,      16,      64,        256,       1'024,      4'096,
      16'384, 65'536, 262'144, 1'048'576, 4'194'304, 16'777'216, 67'108'864};
  static constexpr std::size_t bucket(std::uint64_t tokens) {
    const std::uint64_t below = tokens - static_cast<std::uint64_t>(tokens != 0);
    return std::min((static_cast<std::size_t>(std::bit_width(below)) + 1) / 2, kBounds.size());
  }
};

/// http.server.request.duration and http.client.request.duration.
struct HttpBounds {
  static constexpr double kPerUnit = 1e6;
  static constexpr std::array<std::uint32_t, 14> kBounds{
      5'000,   10'000,  25'000,    50'000,    75'000,    100'000,   250'000,
      500'000, 750'000, 1'000'000, 2'500'000, 5'000'000, 7'500'000, 10'000'000};
  static constexpr std::size_t bucket(std::uint64_t v) { return bucket_among(kBounds, v); }
};

/// Body sizes: 256 B to 64 MiB, times four. The conventions leave these to the application.
struct BodyBounds {
  static constexpr double kPerUnit = 1;
  static constexpr std::array<std::uint32_t, 10> kBounds{
      256, 1'024, 4'096, 16'384, 65'536, 262'144, 1'048'576, 4'194'304, 16'777'216, 67'108'864};
  static constexpr std::size_t bucket(std::uint64_t v) { return bucket_among(kBounds, v); }
};

/// Time inside the gate, and connecting to an upstream: from 10 us up.
struct OverheadBounds {
  static constexpr double kPerUnit = 1e6;
  static constexpr std::array<std::uint32_t, 14> kBounds{
      10, 25, 50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 50'000, 100'000, 500'000, 1'000'000};
  static constexpr std::size_t bucket(std::uint64_t v) { return bucket_among(kBounds, v); }
};

}  // namespace tallygate::telemetry
