#pragma once
// Differences of means, judged at any time: reference experiments.md 4.5. One normal mixture serves
// the asymptotic confidence sequence and the mSPRT; they differ in k only. Pure; never NaN for
// finite input.

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "router/statistics/bernoulli.h"

namespace tallygate::router {

inline constexpr double kMixtureUnits = 5000;       ///< N*: where the intervals are tightest
inline constexpr std::size_t kSubBucketCount = 64;  ///< B: users are dealt to so many groups

/// A mean with its standard error.
struct Mean {
  double value = 0;
  double standard_error = 0;
};

/// An estimate with the bounds of its confidence sequence.
struct Estimate {
  double value = 0;
  double lower = 0;
  double upper = 0;
};

/// Asymptotic confidence sequence: k for `units` seen in both arms together.
double mixture_k(double units, double alpha = kAlpha);
/// mSPRT: k for `units` per arm, `variance` = varA + varB, mixing variance `tau_squared`.
double msprt_k(double units, double variance, double tau_squared);

/// ln E against "the true value is zero"; 0 when the standard error is 0.
double log_mixture_e(const Mean& difference, double k);
/// min(1, 1/E).
double mixture_p(const Mean& difference, double k);
/// Half the width of the two-sided interval; and the distance of a one-sided bound, whose k is
/// mixture_k(units, 2 * alpha). Infinite at k = 0.
double mixture_half_width(double standard_error, double k, double alpha = kAlpha);
double mixture_one_sided_width(double standard_error, double k, double alpha = kAlpha);

Mean difference_of(const Mean& control, const Mean& treatment);
/// (treatment − control) / |control| by the delta method; nullopt when control is not at least
/// three standard errors from zero, where the quotient means nothing.
std::optional<Mean> relative_lift(const Mean& control, const Mean& treatment);

/// What one group of users did: how many outcomes and their sum.
struct SubBucket {
  double count = 0;
  double sum = 0;
};

/// Mean over all outcomes; its error from the differences between groups of users, because the
/// requests of one user resemble each other. nullopt with fewer than two groups that hold any.
std::optional<Mean> cluster_mean(std::span<const SubBucket> buckets);

/// A stratum's mean and its weight.
struct Stratum {
  Mean mean;
  double weight = 0;
};
/// Σ w m / Σ w. Epochs must be combined like this; pooled counts lie when the split changed.
std::optional<Mean> combine_strata(std::span<const Stratum> strata);

}  // namespace tallygate::router
