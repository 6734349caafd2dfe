#pragma once
// One metric of one arm against control: reference experiments.md 4.5 and 5.3. Epochs are strata,
// errors come from groups of users. Valid at every look, for large samples. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "router/experiment/criteria.h"
#include "router/statistics/evidence.h"

namespace tallygate::router {

/// Groups of users that must have data in both arms before an epoch counts: a standard error from
/// fewer is itself too uncertain.
inline constexpr std::size_t kMinGroups = 16;

enum class Verdict : std::uint8_t {
  win,        ///< at least as much better as was asked for
  lose,       ///< not better, probably worse
  futile,     ///< cannot be as much better as was asked for
  undecided,  ///< "continue"
};
std::string_view to_string(Verdict verdict);

/// How much better an arm must be, as a positive improvement. Nothing set: better at all.
struct Threshold {
  std::optional<double> relative;  ///< 0.05 = 5 %
  std::optional<double> absolute;  ///< in the metric's unit
};

/// Signs as measured: treatment − control. nullopt = not enough data.
struct Comparison {
  std::string metric;
  std::string arm;
  std::string control;
  double control_mean = 0;
  double mean = 0;
  std::optional<Estimate> absolute;
  std::optional<Estimate> relative;  ///< 0.12 = 12 % more than control; nullopt when control ≈ 0
  Verdict verdict = Verdict::undecided;
  /// More requests per arm until a verdict; 0 when there is one, nullopt when nobody can know.
  std::optional<std::uint64_t> samples_expected;
  std::optional<double> design_effect;  ///< variance through users ÷ variance of single requests
  std::string sentence;                 ///< for a product manager
};

/// `arm_alpha` is the alpha of this arm's interval; `sentence` speaks of `alpha`, that of the test.
struct Confidence {
  double alpha = kAlpha;
  double arm_alpha = kAlpha;
};

Comparison compare(std::string_view metric, const ArmEvidence& control,
                   const ArmEvidence& treatment, const Threshold& threshold,
                   const Confidence& confidence = {});

/// The relative estimate if there is one, else the absolute; positive = better. nullopt without
/// either.
std::optional<Estimate> improvement_of(const Comparison& comparison);

/// The estimate with the sign turned where less is better.
Estimate as_improvement(const Estimate& measured, std::string_view metric);

}  // namespace tallygate::router
