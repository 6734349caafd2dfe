#include "router/statistics/quantile.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace tallygate::router {
namespace {

constexpr double kPlannedSamples = 10'000;

double edge_above(std::size_t dense) {
  return Sketch::upper_bound(static_cast<int>(dense) + Sketch::kFirstIndex);
}

/// Milliseconds between which the value of `rank` lies.
struct Edges {
  double lower = 0;
  double upper = 0;
};

Edges edges_of_rank(const Sketch& sketch, std::uint64_t rank) {
  std::uint64_t seen = sketch.zero_count();
  if (rank <= seen) return {0, 0};
  const auto buckets = sketch.buckets();
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    seen += buckets[i];
    if (rank > seen) continue;
    // The outermost buckets also hold what lies beyond them.
    const double below = i == 0 ? 0 : edge_above(i - 1);
    const double above = i + 1 == buckets.size() ? sketch.max_millis() : edge_above(i);
    return {std::max(below, sketch.min_millis()), std::min(above, sketch.max_millis())};
  }
  return {sketch.max_millis(), sketch.max_millis()};
}

/// The least evidence against "the quantile lies here" for a count between `least` and `most`.
double least_evidence(double least, double most, double samples, double level) {
  const double below = std::clamp(samples * level, least, most);
  return log_e_differs({below, samples}, level, kPlannedSamples);
}

/// Dense counts, all zero for a sketch that has none.
std::vector<double> dense_counts(const Sketch& sketch) {
  const auto buckets = sketch.buckets();
  std::vector<double> counts(buckets.begin(), buckets.end());
  counts.resize(Sketch::kBucketCount);
  return counts;
}

}  // namespace

QuantileInterval quantile_confidence_sequence(const Sketch& sketch, double level, double alpha) {
  if (sketch.count() == 0) return {};
  const QuantileRanks ranks = quantile_ranks(sketch.count(), level, alpha, kPlannedSamples);
  QuantileInterval interval;
  interval.value = sketch.quantile(std::clamp(level, 0.0, 1.0));
  interval.lower = ranks.lower ? edges_of_rank(sketch, *ranks.lower).lower : sketch.min_millis();
  if (ranks.upper) interval.upper = edges_of_rank(sketch, *ranks.upper).upper;
  return interval;
}

double quantile_difference_p(const Sketch& control, const Sketch& treatment, double level) {
  const auto control_count = static_cast<double>(control.count());
  const auto treatment_count = static_cast<double>(treatment.count());
  if (control_count == 0 || treatment_count == 0) return 1;
  double control_below = 0;
  double treatment_below = 0;
  double least = std::numeric_limits<double>::infinity();
  const auto pass = [&](double in_control, double in_treatment) {
    least = std::min(
        least, least_evidence(control_below, control_below + in_control, control_count, level) +
                   least_evidence(treatment_below, treatment_below + in_treatment, treatment_count,
                                  level));
    control_below += in_control;
    treatment_below += in_treatment;
  };
  pass(static_cast<double>(control.zero_count()), static_cast<double>(treatment.zero_count()));
  const std::vector<double> in_control = dense_counts(control);
  const std::vector<double> in_treatment = dense_counts(treatment);
  for (std::size_t i = 0; i < Sketch::kBucketCount; ++i) {
    if (in_control[i] + in_treatment[i] > 0) pass(in_control[i], in_treatment[i]);
  }
  return std::min(1.0, std::exp(-least));
}

}  // namespace tallygate::router
