#pragma once
// How often something happens, judged at any time: reference experiments.md 4.1 to 4.3. Functions
// of totals only, so counts of many gates and restarts may be added up first. A look at every
// request costs nothing: the chance of ever being wrong stays below alpha (Ville).
//
// Counts are doubles (exact to 9e15). Any input is answered: events are clamped to [0, trials],
// rates to [1e-12, 1 − 1e-12]. Never NaN. Pure.

#include <cstdint>
#include <optional>

namespace tallygate::router {

inline constexpr double kAlpha = 0.05;           ///< winners, intervals, certification
inline constexpr double kGuardrailAlpha = 0.01;  ///< each guardrail
inline constexpr double kPlannedTrials = 1000;   ///< n_opt: where a decision is expected
inline constexpr double kCertifyTrials = 5000;   ///< n_opt of a certification

struct Count {
  double events = 0;
  double trials = 0;
};

struct RateInterval {
  double lower = 0;
  double upper = 1;
};

/// 4.1: ln E against "an event never has a conditional probability above max_rate". 0 at no trials;
/// the hypothesis is given up at E ≥ 1 / alpha.
double log_e_above(const Count& count, double max_rate, double planned_trials = kPlannedTrials);

/// 4.2: ln M against "the rate is `rate`", two-sided.
double log_e_differs(const Count& count, double rate, double planned_trials);

/// 4.2: every rate that has not been given up. [0, 1] without trials.
RateInterval rate_confidence_sequence(const Count& count, double alpha = kAlpha,
                                      double planned_trials = kCertifyTrials);

/// Ranks (1 = smallest) of the order statistics that enclose a quantile; nullopt where the sample
/// is too small to bound it.
struct QuantileRanks {
  std::optional<std::uint64_t> lower;
  std::optional<std::uint64_t> upper;
};

/// 4.3: ranks for the quantile at `level` in (0, 1) of `samples` values.
QuantileRanks quantile_ranks(std::uint64_t samples, double level, double alpha = kAlpha,
                             double planned_trials = 10'000);

}  // namespace tallygate::router
