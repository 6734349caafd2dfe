#include "router/statistics/compare.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "router/statistics/sample_size.h"
#include "router/statistics/sentence.h"

namespace tallygate::router {
namespace {

constexpr double kMostSamples = 1e12;

bool is_rate(std::string_view metric) { return metric == kErrorRate || metric == kExceeded; }

/// An arm's mean in one epoch.
struct ArmMean {
  Mean mean;
  std::optional<double> plain_variance;  ///< of the mean, if requests were independent
  double count = 0;
};

std::optional<ArmMean> arm_mean(const ArmEvidence& arm, std::size_t epoch,
                                std::string_view metric) {
  if (epoch >= arm.epochs.size()) return std::nullopt;
  const auto found = arm.epochs[epoch].metrics.find(metric);
  if (found == arm.epochs[epoch].metrics.end()) return std::nullopt;
  const MetricEvidence& evidence = found->second;
  ArmMean result;
  std::size_t groups = 0;
  for (const SubBucket& group : evidence.groups) {
    if (!(group.count > 0)) continue;
    result.count += group.count;
    ++groups;
  }
  const std::optional<Mean> mean = cluster_mean(evidence.groups);
  if (groups < kMinGroups || !mean) return std::nullopt;
  result.mean = *mean;
  if (is_rate(metric)) {
    const double rate = mean->value;
    result.plain_variance = rate * (1 - rate) / result.count;
    // No errors yet does not mean that there are none: one more and one less are thought of.
    const double likely = (rate * result.count + 1) / (result.count + 2);
    result.mean.standard_error =
        std::max(mean->standard_error, std::sqrt(likely * (1 - likely) / result.count));
  } else if (evidence.square_sum) {
    const double variance = *evidence.square_sum / result.count - mean->value * mean->value;
    result.plain_variance = std::max(variance, 0.0) / result.count;
  }
  return result;
}

/// Both arms over the epochs in which both have data, weighted alike.
struct Pair {
  Mean control;
  Mean treatment;
  double control_count = 0;
  double treatment_count = 0;
  double users = 0;  ///< of both arms
  std::optional<double> design_effect;
};

/// Collects the epochs of a Pair.
struct Strata {
  std::vector<Stratum> control;
  std::vector<Stratum> treatment;
  std::vector<Stratum> plain;  ///< the difference, as if requests were independent
  bool has_plain = true;

  void add(const ArmMean& in_control, const ArmMean& in_treatment, double weight) {
    control.push_back({in_control.mean, weight});
    treatment.push_back({in_treatment.mean, weight});
    if (!in_control.plain_variance || !in_treatment.plain_variance) {
      has_plain = false;
      return;
    }
    const double variance = *in_control.plain_variance + *in_treatment.plain_variance;
    plain.push_back({{0, std::sqrt(variance)}, weight});
  }
};

std::optional<Pair> pair_of(const ArmEvidence& control, const ArmEvidence& treatment,
                            std::string_view metric) {
  Pair pair;
  Strata strata;
  for (std::size_t e = 0; e < std::min(control.epochs.size(), treatment.epochs.size()); ++e) {
    const auto in_control = arm_mean(control, e, metric);
    const auto in_treatment = arm_mean(treatment, e, metric);
    if (!in_control || !in_treatment) continue;
    const EpochEvidence& a = control.epochs[e];
    const EpochEvidence& b = treatment.epochs[e];
    strata.add(*in_control, *in_treatment, static_cast<double>(a.started + b.started));
    pair.control_count += in_control->count;
    pair.treatment_count += in_treatment->count;
    const auto users = static_cast<double>(a.users + b.users);
    pair.users += users > 0 ? users : in_control->count + in_treatment->count;
  }
  const auto control_mean = combine_strata(strata.control);
  const auto treatment_mean = combine_strata(strata.treatment);
  if (!control_mean || !treatment_mean) return std::nullopt;
  pair.control = *control_mean;
  pair.treatment = *treatment_mean;
  const double error = difference_of(pair.control, pair.treatment).standard_error;
  const auto plain = strata.has_plain ? combine_strata(strata.plain) : std::nullopt;
  if (plain && plain->standard_error > 0) {
    pair.design_effect = std::pow(error / plain->standard_error, 2);
  }
  return pair;
}

Estimate interval_of(const Mean& mean, double users, double alpha) {
  const double width = mixture_half_width(mean.standard_error, mixture_k(users, alpha), alpha);
  return {mean.value, mean.value - width, mean.value + width};
}

/// The delta method errs where control has few events. So the lift is never surer than the
/// difference that one arm is better: its interval holds zero whenever the absolute one does.
Estimate as_sure_as(const Estimate& absolute, Estimate relative) {
  if (absolute.lower <= 0) relative.lower = std::min(relative.lower, 0.0);
  if (absolute.upper >= 0) relative.upper = std::max(relative.upper, 0.0);
  return relative;
}

/// 5.3. Without a relative estimate a relative threshold can be neither reached nor missed.
Verdict judge(const std::optional<Estimate>& relative, const Estimate& absolute,
              const Threshold& threshold) {
  const Estimate& main = relative ? *relative : absolute;
  const bool knows_relative = relative || !threshold.relative;
  bool reaches = knows_relative;
  bool misses = false;
  if (threshold.relative && relative) {
    reaches = reaches && relative->lower >= *threshold.relative;
    misses = misses || relative->upper < *threshold.relative;
  }
  if (threshold.absolute) {
    reaches = reaches && absolute.lower >= *threshold.absolute;
    misses = misses || absolute.upper < *threshold.absolute;
  }
  // "Better" must mean better unless a threshold below zero was asked for.
  const double least = threshold.relative.value_or(threshold.absolute.value_or(0));
  if (reaches && (main.lower > 0 || least < 0)) return Verdict::win;
  if (main.upper <= 0) return Verdict::lose;
  return misses ? Verdict::futile : Verdict::undecided;
}

/// 4.8 for the distance between what is measured and the line that decides.
std::optional<std::uint64_t> samples_expected(const Pair& pair, const Comparison& comparison,
                                              const Threshold& threshold, double alpha) {
  if (comparison.verdict != Verdict::undecided) return 0;
  const Estimate better = as_improvement(*comparison.absolute, comparison.metric);
  const double line =
      threshold.absolute.value_or(threshold.relative.value_or(0) * std::abs(pair.control.value));
  const double distance = better.value - line;
  const double error = difference_of(pair.control, pair.treatment).standard_error;
  if (!(std::abs(distance) > error)) return std::nullopt;  // it may lie on either side
  std::optional<double> size;
  if (is_rate(comparison.metric)) {
    const double rate = pair.treatment.value;
    size = sample_size_of_rates(std::clamp(rate + distance, 0.0, 1.0), rate, alpha);
    if (size) *size *= std::max(pair.design_effect.value_or(1), 1.0);
  } else {  // through users, so the design effect is in it
    const double variance = (pair.control_count * std::pow(pair.control.standard_error, 2) +
                             pair.treatment_count * std::pow(pair.treatment.standard_error, 2)) /
                            2;
    size = sample_size_of_means(variance, distance, alpha);
  }
  if (!size || !(*size * kPeekingFactor < kMostSamples)) return std::nullopt;
  const double missing =
      *size * kPeekingFactor - std::min(pair.control_count, pair.treatment_count);
  return static_cast<std::uint64_t>(std::max(std::ceil(missing), 0.0));
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::win: return "win";
    case Verdict::lose: return "lose";
    case Verdict::futile: return "futile";
    case Verdict::undecided: return "continue";
  }
  return "continue";
}

Estimate as_improvement(const Estimate& measured, std::string_view metric) {
  if (!is_less_better(metric)) return measured;
  return {-measured.value, -measured.upper, -measured.lower};
}

std::optional<Estimate> improvement_of(const Comparison& comparison) {
  const auto& measured = comparison.relative ? comparison.relative : comparison.absolute;
  if (!measured) return std::nullopt;
  return as_improvement(*measured, comparison.metric);
}

Comparison compare(std::string_view metric, const ArmEvidence& control,
                   const ArmEvidence& treatment, const Threshold& threshold,
                   const Confidence& confidence) {
  Comparison result;
  result.metric = metric;
  result.arm = treatment.name;
  result.control = control.name;
  if (const auto pair = pair_of(control, treatment, metric)) {
    result.control_mean = pair->control.value;
    result.mean = pair->treatment.value;
    result.design_effect = pair->design_effect;
    const Mean difference = difference_of(pair->control, pair->treatment);
    if (difference.standard_error > 0) {
      result.absolute = interval_of(difference, pair->users, confidence.arm_alpha);
      if (const auto lift = relative_lift(pair->control, pair->treatment)) {
        result.relative =
            as_sure_as(*result.absolute, interval_of(*lift, pair->users, confidence.arm_alpha));
      }
      std::optional<Estimate> relative;
      if (result.relative) relative = as_improvement(*result.relative, metric);
      result.verdict = judge(relative, as_improvement(*result.absolute, metric), threshold);
      result.samples_expected = samples_expected(*pair, result, threshold, confidence.arm_alpha);
    }
  }
  result.sentence = sentence_of(result, threshold, confidence.alpha);
  return result;
}

}  // namespace tallygate::router
