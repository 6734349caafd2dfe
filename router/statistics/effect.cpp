#include "router/statistics/effect.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tallygate::router {
namespace {

/// A quotient needs a denominator that is surely not zero.
constexpr double kClearOfZero = 3;

double stretch(double k) { return k > 0 ? (1 + k) / k : std::numeric_limits<double>::infinity(); }

}  // namespace

double mixture_k(double units, double alpha) {
  const double odds = 2 * std::log(1 / alpha);
  return std::max(units, 0.0) / kMixtureUnits * (odds + std::log1p(odds));
}

double msprt_k(double units, double variance, double tau_squared) {
  return variance > 0 ? units * tau_squared / variance : 0;
}

double log_mixture_e(const Mean& difference, double k) {
  if (!(difference.standard_error > 0)) return 0;
  const double z = difference.value / difference.standard_error;
  return z * z * k / (2 * (1 + k)) - std::log1p(k) / 2;
}

double mixture_p(const Mean& difference, double k) {
  return std::min(1.0, std::exp(-log_mixture_e(difference, k)));
}

double mixture_half_width(double standard_error, double k, double alpha) {
  if (standard_error == 0) return 0;
  return standard_error * std::sqrt(stretch(k) * (std::log1p(k) + 2 * std::log(1 / alpha)));
}

double mixture_one_sided_width(double standard_error, double k, double alpha) {
  if (standard_error == 0) return 0;
  return standard_error * std::sqrt(2 * stretch(k) * std::log1p(std::sqrt(1 + k) / (2 * alpha)));
}

Mean difference_of(const Mean& control, const Mean& treatment) {
  return {treatment.value - control.value,
          std::hypot(control.standard_error, treatment.standard_error)};
}

std::optional<Mean> relative_lift(const Mean& control, const Mean& treatment) {
  const double base = std::abs(control.value);
  if (!(base > kClearOfZero * control.standard_error)) return std::nullopt;
  const double ratio = treatment.value / base;
  return Mean{(treatment.value - control.value) / base,
              std::hypot(treatment.standard_error / base, control.standard_error * ratio / base)};
}

std::optional<Mean> cluster_mean(std::span<const SubBucket> buckets) {
  double count = 0;
  double sum = 0;
  double groups = 0;
  for (const SubBucket& bucket : buckets) {
    if (!(bucket.count > 0)) continue;
    count += bucket.count;
    sum += bucket.sum;
    ++groups;
  }
  if (groups < 2) return std::nullopt;
  const double mean = sum / count;
  double squares = 0;
  for (const SubBucket& bucket : buckets) {
    if (!(bucket.count > 0)) continue;
    const double residual = bucket.sum - mean * bucket.count;
    squares += residual * residual;
  }
  return Mean{mean, std::sqrt(groups / (groups - 1) * squares) / count};
}

std::optional<Mean> combine_strata(std::span<const Stratum> strata) {
  double weights = 0;
  for (const Stratum& stratum : strata) weights += stratum.weight;
  if (!(weights > 0)) return std::nullopt;
  Mean combined;
  double variance = 0;
  for (const Stratum& stratum : strata) {
    const double share = stratum.weight / weights;
    combined.value += share * stratum.mean.value;
    variance += share * share * stratum.mean.standard_error * stratum.mean.standard_error;
  }
  combined.standard_error = std::sqrt(variance);
  return combined;
}

}  // namespace tallygate::router
