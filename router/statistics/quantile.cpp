#include "router/statistics/quantile.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace tallygate::router {
namespace {

constexpr double kPlannedSamples = 10'000;
/// More evidence than this is not told apart: e^-60 settles anything.
constexpr double kCertain = 60;

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

/// Dense counts, all zero for a sketch that has none.
std::vector<double> dense_counts(const Sketch& sketch) {
  const auto buckets = sketch.buckets();
  std::vector<double> counts(buckets.begin(), buckets.end());
  counts.resize(Sketch::kBucketCount);
  return counts;
}

/// The edge of the bucket that holds `millis`, as QuantileShift::Profile counts them.
std::size_t edge_of(double millis) {
  if (!(millis > 0)) return 0;
  const int index =
      std::clamp(Sketch::bucket_index(millis), Sketch::kFirstIndex, Sketch::kLastIndex);
  return static_cast<std::size_t>(index - Sketch::kFirstIndex) + 1;
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
  if (control.count() == 0 || treatment.count() == 0) return 1;
  const QuantileShift shift({control}, {treatment}, level);
  return std::min(1.0, std::exp(-shift.log_e_ratio(1)));
}

QuantileShift::QuantileShift(const Arm& control, const Arm& treatment, double level)
    : control_(profile_of(control, level)), treatment_(profile_of(treatment, level)) {
  const auto is_open = [&](std::size_t i) { return within(control_, i, i) < kCertain; };
  std::size_t first = 0;
  std::size_t end = control_.edges.size();
  while (first < end && !is_open(first)) ++first;
  while (end > first && !is_open(end - 1)) --end;
  for (std::size_t i = first; i < end; ++i) spans_.push_back(span_of(i));
}

QuantileShift::Span QuantileShift::span_of(std::size_t edge) const {
  const double evidence = within(control_, edge, edge);
  if (edge == 0) return {0, 0, evidence};
  const bool is_last = edge + 1 == control_.edges.size();
  const double lower = edge < 2 ? 0 : edge_above(edge - 2);
  const double upper = std::max(edge_above(edge - 1), is_last ? control_.max_millis : 0);
  // The bucket begins just above the edge below it.
  return {std::nextafter(lower, upper), upper, evidence};
}

QuantileShift::Profile QuantileShift::profile_of(const Arm& arm, double level) {
  const double shrink = 1 / std::max(arm.design_effect, 1.0);
  const double samples = static_cast<double>(arm.sketch.count()) * shrink;
  const auto evidence_at = [&](double below) {
    return std::min(log_e_differs({below, samples}, level, kPlannedSamples), kCertain);
  };
  Profile profile;
  profile.max_millis = arm.sketch.max_millis();
  profile.at_quantile = evidence_at(samples * level);
  profile.edges.resize(Sketch::kBucketCount + 1);
  const std::vector<double> counts = dense_counts(arm.sketch);
  double below = static_cast<double>(arm.sketch.zero_count()) * shrink;
  Edge edge{evidence_at(below), below >= samples * level};
  profile.edges[0] = edge;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    below += counts[i] * shrink;
    // Beyond what is certain it only grows, so it need not be computed.
    if (counts[i] > 0 && !(edge.is_above && edge.evidence >= kCertain)) {
      edge = {evidence_at(below), below >= samples * level};
    }
    profile.edges[i + 1] = edge;
  }
  return profile;
}

double QuantileShift::within(const Profile& profile, std::size_t first, std::size_t last) {
  const Edge before = first == 0 ? Edge{kCertain, false} : profile.edges[first - 1];
  const Edge after = profile.edges[last];
  if (!before.is_above && after.is_above) return profile.at_quantile;
  return std::min(before.evidence, after.evidence);
}

/// `move` says where the treatment's quantile is if control's is at so many milliseconds.
template <class Move>
double QuantileShift::least(const Move& move) const {
  double least = kCertain + treatment_.at_quantile;
  for (const Span& span : spans_) {
    if (span.evidence + treatment_.at_quantile >= least) continue;
    const std::size_t first = edge_of(move(span.above));
    const std::size_t last = std::max(first, edge_of(move(span.upper)));
    least = std::min(least, span.evidence + within(treatment_, first, last));
  }
  return least;
}

double QuantileShift::log_e_ratio(double ratio) const {
  return least([ratio](double millis) { return millis * ratio; });
}

double QuantileShift::log_e_difference(double millis) const {
  return least([millis](double from) { return from + millis; });
}

}  // namespace tallygate::router
