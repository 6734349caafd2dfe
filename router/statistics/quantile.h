#pragma once
// Quantiles of latencies, judged at any time, from sketches: reference experiments.md 4.3 and 4.4.
// What a sketch does not know (the place inside a bucket) widens the answer. Pure.

#include <cstddef>
#include <optional>
#include <vector>

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

/// What two arms' sketches of one epoch prove about how far their quantiles are apart. Design
/// effects shrink the counts: requests of one user resemble each other, and a mean's design effect
/// is what is known of that.
class QuantileShift {
 public:
  struct Arm {
    const Sketch& sketch;
    double design_effect = 1;  ///< below 1 counts as 1
  };
  QuantileShift(const Arm& control, const Arm& treatment, double level);

  /// ln E against "the treatment's quantile is `ratio` times control's" and against "it is `millis`
  /// more". With E of several epochs multiplied, so are hypotheses about all of them tested.
  double log_e_ratio(double ratio) const;
  double log_e_difference(double millis) const;

 private:
  /// By dense bucket, at its upper edge: the evidence against "the quantile lies here" and whether
  /// the count up to here reaches the level.
  struct Edge {
    double evidence = 0;
    bool is_above = false;
  };
  struct Profile {
    std::vector<Edge> edges;  ///< [0] is what lies at zero, [i + 1] dense bucket i
    double at_quantile = 0;   ///< evidence against the sample's own quantile
    double max_millis = 0;
  };
  static Profile profile_of(const Arm& arm, double level);
  /// Least evidence against "the quantile lies in the buckets `first` to `last`".
  static double within(const Profile& profile, std::size_t first, std::size_t last);
  template <class Move>
  double least(const Move& move) const;

  /// Where control's quantile may be, in milliseconds, and the evidence against that.
  struct Span {
    double above = 0;
    double upper = 0;
    double evidence = 0;
  };
  Span span_of(std::size_t edge) const;

  Profile control_;
  Profile treatment_;
  std::vector<Span> spans_;  ///< of control's edges, those that are not certainly elsewhere
};

}  // namespace tallygate::router
