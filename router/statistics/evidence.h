#pragma once
// What an analysis looks at: plain counts of an A/B test, per arm and epoch, filled from tallies.
// An epoch is a version of the slot table: shares are constant within one. Values.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "router/statistics/effect.h"
#include "router/tally/sketch.h"

namespace tallygate::router {

// Metrics that every test has, each a mean per request; anything else is a custom metric.
inline constexpr std::string_view kErrorRate = "error_rate";  ///< sum = errors, count = requests
inline constexpr std::string_view kLatency = "latency";       ///< milliseconds, whole answers
inline constexpr std::string_view kFirstToken = "ttft";       ///< milliseconds, where there was one
inline constexpr std::string_view kCost = "cost";             ///< US dollars
inline constexpr std::string_view kTokens = "tokens";         ///< output tokens
/// Requests over max_latency_ms. Not reported; it certifies that an arm is slower than control.
inline constexpr std::string_view kExceeded = "exceeded";

/// Custom metrics (scores, feedback) are better the more there is; all others the less there is.
bool is_less_better(std::string_view metric);

struct MetricEvidence {
  std::vector<SubBucket> groups;  ///< of users; a user belongs to exactly one. Normally 64
  /// Sum of squares of single outcomes, for the design effect; nullopt when not kept. Rates need
  /// none: theirs is the sum.
  std::optional<double> square_sum;
};

/// Variance of the metric's mean through users, over what it would be if requests were independent.
/// nullopt without squares, without two groups, and where all outcomes are equal. Not for rates.
std::optional<double> design_effect(const MetricEvidence& evidence);

struct EpochEvidence {
  std::uint64_t started = 0;  ///< sent on their way; what has not ended is in flight or lost
  std::uint64_t completed = 0;
  std::uint64_t errors = 0;         ///< that are not the client's doing
  std::uint64_t exceeded = 0;       ///< took longer than max_latency_ms
  std::uint64_t client_aborts = 0;  ///< all
  std::uint64_t early_aborts = 0;   ///< before max_latency_ms, so not known to be too slow or not
  std::uint64_t users = 0;          ///< units whose first exposure fell in this epoch and arm
  double planned_share = 0;         ///< of the test's traffic in this epoch
  std::map<std::string, MetricEvidence, std::less<>> metrics;
  Sketch latency;      ///< whole answers
  Sketch first_token;  ///< where there was one
};

struct ArmEvidence {
  std::string name;
  std::vector<EpochEvidence> epochs;  ///< the same epochs in every arm, in the same order
};

struct Evidence {
  std::vector<ArmEvidence> arms;    ///< control first
  std::chrono::seconds elapsed{0};  ///< active time since the start
  double srm_p_before = 1;          ///< Analysis::srm_p of the look before: it only ever falls
};

/// Sum of one count over an arm's epochs.
std::uint64_t total(const ArmEvidence& arm, std::uint64_t EpochEvidence::*count);

}  // namespace tallygate::router
