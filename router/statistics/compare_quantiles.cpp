#include "router/statistics/compare_quantiles.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "router/statistics/quantile.h"
#include "router/statistics/sentence.h"

namespace tallygate::router {
namespace {

constexpr double kLevels[] = {0.5, 0.95};
/// No latency ratio of two arms is beyond this.
constexpr double kMostRatio = 1e6;
/// A bound is looked for in steps of one hundredth that double, and the last step is halved so
/// often.
constexpr double kFirstStep = 0.01;
constexpr int kHalvings = 7;

const Sketch& sketch_of(const EpochEvidence& epoch, std::string_view metric) {
  return metric == kFirstToken ? epoch.first_token : epoch.latency;
}

double design_effect_of(const EpochEvidence& epoch, std::string_view metric) {
  const auto found = epoch.metrics.find(metric);
  return found == epoch.metrics.end() ? 1 : design_effect(found->second).value_or(1);
}

/// The epochs in which both arms have measurements.
struct Epochs {
  std::vector<QuantileShift> shifts;
  double control_value = 0;
  double value = 0;

  double log_e(double (QuantileShift::*of)(double) const, double parameter) const {
    double sum = 0;
    for (const QuantileShift& shift : shifts) sum += (shift.*of)(parameter);
    return sum;
  }
};

Epochs epochs_of(std::string_view metric, double level, const ArmEvidence& control,
                 const ArmEvidence& treatment) {
  Epochs epochs;
  double weights = 0;
  for (std::size_t e = 0; e < std::min(control.epochs.size(), treatment.epochs.size()); ++e) {
    const EpochEvidence& a = control.epochs[e];
    const EpochEvidence& b = treatment.epochs[e];
    const Sketch& in_control = sketch_of(a, metric);
    const Sketch& in_treatment = sketch_of(b, metric);
    if (in_control.count() == 0 || in_treatment.count() == 0) continue;
    epochs.shifts.emplace_back(QuantileShift::Arm{in_control, design_effect_of(a, metric)},
                               QuantileShift::Arm{in_treatment, design_effect_of(b, metric)},
                               level);
    const auto weight = static_cast<double>(in_control.count() + in_treatment.count());
    epochs.control_value += weight * in_control.quantile(level);
    epochs.value += weight * in_treatment.quantile(level);
    weights += weight;
  }
  if (weights > 0) {
    epochs.control_value /= weights;
    epochs.value /= weights;
  }
  return epochs;
}

using Accepts = std::function<bool(double)>;

/// Where acceptance ends on the way from `inside` (accepted) to `last`, beginning with `step` in
/// its direction; nullopt when all is accepted: there is no bound.
std::optional<double> bound(const Accepts& accepts, double inside, double step, double last) {
  double outside = inside + step;
  while (accepts(outside)) {
    if (std::abs(outside) > std::abs(last)) return std::nullopt;
    inside = outside;
    step *= 2;
    outside += step;
  }
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (inside + outside) / 2;
    (accepts(middle) ? inside : outside) = middle;
  }
  return outside;
}

/// Everything that `accepts`, around `value`. nullopt without both bounds, or when not even the
/// measured value fits: then the epochs contradict each other.
std::optional<Estimate> interval(const Accepts& accepts, double value, double step, double most) {
  if (!accepts(value)) return std::nullopt;
  const auto lower = bound(accepts, value, -step, most);
  const auto upper = bound(accepts, value, step, most);
  if (!lower || !upper) return std::nullopt;
  return Estimate{value, *lower, *upper};
}

/// Once "no difference" is given up, so is everything on the other side of it: sketches are coarse,
/// and rounding to their buckets must not bring it back.
void keep_off_zero(std::optional<Estimate>& estimate) {
  if (!estimate) return;
  if (estimate->value > 0) estimate->lower = std::max(estimate->lower, 0.0);
  if (estimate->value < 0) estimate->upper = std::min(estimate->upper, 0.0);
}

void add_intervals(QuantileComparison& result, const Epochs& epochs, double alpha) {
  const double enough = std::log(1 / alpha);
  if (result.control_value > 0 && result.value > 0) {
    const Accepts accepts = [&](double log_ratio) {
      return epochs.log_e(&QuantileShift::log_e_ratio, std::exp(log_ratio)) < enough;
    };
    const double widest = std::log(kMostRatio);
    result.relative =
        interval(accepts, std::log(result.value / result.control_value), kFirstStep, widest);
    if (result.relative) {
      for (double* each :
           {&result.relative->value, &result.relative->lower, &result.relative->upper}) {
        *each = std::expm1(*each);
      }
    }
  }
  const Accepts accepts = [&](double millis) {
    return epochs.log_e(&QuantileShift::log_e_difference, millis) < enough;
  };
  const double widest = Sketch::upper_bound(Sketch::kLastIndex);
  const double step = kFirstStep * std::max(result.control_value, result.value);
  if (!(step > 0)) return;
  result.absolute = interval(accepts, result.value - result.control_value, step, widest);
}

}  // namespace

QuantileComparison compare_quantile(std::string_view metric, double level,
                                    const ArmEvidence& control, const ArmEvidence& treatment,
                                    const Confidence& confidence) {
  QuantileComparison result;
  result.metric = metric;
  result.level = level;
  result.arm = treatment.name;
  result.control = control.name;
  const Epochs epochs = epochs_of(metric, level, control, treatment);
  result.control_value = epochs.control_value;
  result.value = epochs.value;
  if (!epochs.shifts.empty()) {
    result.p = std::min(1.0, std::exp(-epochs.log_e(&QuantileShift::log_e_ratio, 1)));
    add_intervals(result, epochs, confidence.arm_alpha);
    const double difference = result.value - result.control_value;
    if (result.p <= confidence.arm_alpha && difference != 0) {
      result.verdict = difference < 0 ? Verdict::win : Verdict::lose;
      keep_off_zero(result.absolute);
      keep_off_zero(result.relative);
    }
  }
  result.sentence = sentence_of(result, confidence.alpha);
  return result;
}

std::vector<QuantileComparison> compare_quantiles(const Evidence& evidence) {
  std::vector<QuantileComparison> comparisons;
  if (evidence.arms.size() < 2) return comparisons;
  const Confidence confidence{kAlpha, kAlpha / static_cast<double>(evidence.arms.size() - 1)};
  for (const std::string_view metric : {kLatency, kFirstToken}) {
    for (const double level : kLevels) {
      for (std::size_t i = 1; i < evidence.arms.size(); ++i) {
        auto each =
            compare_quantile(metric, level, evidence.arms.front(), evidence.arms[i], confidence);
        const bool is_measured = each.control_value > 0 || each.value > 0;
        if (is_measured) comparisons.push_back(std::move(each));
      }
    }
  }
  return comparisons;
}

}  // namespace tallygate::router
