#pragma once
// What the endpoints of performance ask of the process, in plain values.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "router/record.h"
#include "store/tally/series.h"

namespace tallygate::api {

/// Figures over time of a route or one of its versions, all targets together.
struct SeriesQuery {
  router::NameId route = 0;
  router::NameId version = 0;  ///< 0 = all
  std::optional<router::Conversation> conversation;
  WallTime from{};
  WallTime to{};
  std::chrono::seconds step{60};  ///< whole minutes, hours or days: what is kept that far back
};

/// What began in [start, start + step).
struct SeriesPoint {
  WallTime start{};
  std::uint64_t requests = 0;
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;
  std::optional<double> latency_ms_mean;
  std::optional<double> ttft_ms_mean;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::int64_t cost_nano_usd = 0;
};

/// A target that is not simply fit, by the HealthBoard.
struct BlacklistedTarget {
  router::NameId target = 0;
  std::uint32_t failures_in_row = 0;
  WallTime until{};  ///< of the bench; WallTime{} = is not benched
  bool by_hand = false;
  std::string_view state = "benched";  ///< or recovering, cooling, misconfigured
  WallTime cooling_until{};            ///< WallTime{} = does not cool down
  std::uint32_t refusals = 0;          ///< of our credential or model since the last success
};

using ReadSeries =
    std::function<Result<std::vector<store::SeriesPoint>>(const store::SeriesQuery&)>;

/// The points of `query`, by the coarsest resolution that its step is made of; steps without
/// requests are left out. `read` is Journal::series, whose errors it has.
Result<std::vector<SeriesPoint>> read_series(const SeriesQuery& query, const ReadSeries& read);

}  // namespace tallygate::api
