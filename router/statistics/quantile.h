#pragma once
// Quantiles of latencies, judged at any time, from sketches: reference experiments.md 4.3 and 4.4.
// What a sketch does not know (the place inside a bucket) widens the answer. Pure.

#include <optional>

#include "router/statistics/bernoulli.h"
#include "router/tally/sketch.h"

namespace tallygate::router {

/// Milliseconds.
struct QuantileInterval {
  double value = 0;
  double lower = 0;             ///< the sample's minimum when it is too small for a bound
  std::optional<double> upper;  ///< nullopt when the sample is too small for a bound
};

/// The quantile at `level` in (0, 1). All zero for an empty sketch.
QuantileInterval quantile_confidence_sequence(const Sketch& sketch, double level,
                                              double alpha = kAlpha);

/// p of "both arms have the same quantile at `level`", valid at every look. 1 when an arm is empty.
double quantile_difference_p(const Sketch& control, const Sketch& treatment, double level);

}  // namespace tallygate::router
