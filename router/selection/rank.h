#pragma once
// How good each candidate is by each criterion, from what the operator expects (priors) and what
// was measured. Pure; a candidate is whatever the caller compares: a version, or a whole route.
//
// Every figure is a share in 0..1, more is better, and becomes a score in the same way:
//
//   score = lower((n * measured + k * prior) / (n + k), n + k)
//
// where `n` is the number of samples, `k` = kPriorWeight pseudo-samples stand behind the prior, and
// lower(p, n) is the lower bound of Wilson's score interval (E. B. Wilson, Probable Inference,
// JASA 22, 1927) at z = kWilsonZ:
//
//   lower(p, n) = (p + z^2/2n - z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)
//
// So a few lucky samples win nothing, and many outweigh any prior. For shares that are not from
// yes-or-no samples the bound is conservative: no variance in 0..1 exceeds p(1-p).
//
//   reliability  successes / (successes + failures); an attempt that failed and was made good by
//                another target is a failure of the one that failed
//   cost         relative(cost per success); where no candidate costs anything: tokens per success,
//                if known
//   speed        relative(mean latency), averaged with relative(mean time to first token) if known
//   accuracy, creativity, feedback   the mean rating
//   relative(x) = m / (m + x),  m = geometric mean of the candidates' positive values; x = 0 gives
//   1: what has no price is free
//
// By cost, speed, accuracy, creativity the rank follows reliability * score; overall, reliability *
// the mean of these four and feedback. These products order candidates; they bound nothing.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "router/tally/totals.h"

namespace tallygate::router {

inline constexpr double kPriorWeight = 20;
inline constexpr double kWilsonZ = 1.959963984540054;  ///< 95 %, two-sided
inline constexpr double kDefaultPrior = 0.5;
/// An upstream that nobody has tried is taken for sound, or it would never be tried.
inline constexpr double kReliabilityPrior = 0.95;

enum class RankMetric : std::uint8_t { overall, cost, accuracy, creativity, speed };
inline constexpr std::size_t kRankMetricCount = 5;
std::string_view to_string(RankMetric metric);
std::optional<RankMetric> parse_rank_metric(std::string_view text);

/// Ratings of one kind, each in 0..1.
struct Ratings {
  std::uint64_t count = 0;
  double sum = 0;

  void add(const Ratings& other) {
    count += other.count;
    sum += other.sum;
  }
};

/// What was measured of one candidate.
struct Measured {
  Totals totals;
  Ratings accuracy;
  Ratings creativity;
  Ratings feedback;

  /// Those that the upstream answers for; also where another target then served the request.
  std::uint64_t failures() const { return totals.failures + totals.failovers; }
  void add(const Measured& other);
};

/// What the operator expects, 0..1; absent = kDefaultPrior.
struct Priors {
  std::optional<double> cost;
  std::optional<double> accuracy;
  std::optional<double> creativity;
  std::optional<double> speed;
};

/// One figure with what led to it.
struct Figure {
  double score = 0;                ///< the lower bound
  double prior = kDefaultPrior;    ///< what kPriorWeight pseudo-samples say
  std::optional<double> measured;  ///< 0..1; absent without samples
  std::uint64_t samples = 0;
};

struct Assessment {
  Figure reliability;
  Figure cost;
  Figure accuracy;
  Figure creativity;
  Figure speed;
  Figure feedback;

  double score(RankMetric metric) const;
};

/// The lower bound above; `samples` need not be whole. 0 without samples.
double wilson_lower(double share, double samples);

struct RankCandidate {
  Measured evidence;
  Priors priors;
};

/// One assessment per candidate, in their order. Candidates are compared with each other, so a
/// score means something among them only.
std::vector<Assessment> assess(std::span<const RankCandidate> candidates);

/// Indexes of `assessments`, best first; equal ones stay in their order.
std::vector<std::uint32_t> ranking(std::span<const Assessment> assessments, RankMetric metric);

}  // namespace tallygate::router
