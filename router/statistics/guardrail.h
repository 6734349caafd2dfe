#pragma once
// Limits that no arm may break: reference experiments.md 4.1, 4.3 and 5.2. Judged per request
// and valid at every look. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "router/experiment/criteria.h"
#include "router/experiment/rollout.h"
#include "router/statistics/bernoulli.h"
#include "router/statistics/evidence.h"

namespace tallygate::router {

inline constexpr double kHardCap = 5;         ///< times max_error_rate
inline constexpr double kHardCapTrials = 50;  ///< requests from which the hard cap holds

/// One limit of one arm. For max_latency_ms events are requests over it, and `max_rate` is
/// 1 − latency_quantile.
struct LimitCheck {
  std::string_view limit;  ///< "max_error_rate" or "max_latency_ms"
  Count count;
  double max_rate = 0;
  double log_e = 0;       ///< fails at ln(1 / kGuardrailAlpha)
  RateInterval interval;  ///< of the rate, at kAlpha
  bool is_broken = false;
  bool is_certified = false;  ///< the interval's upper bound is within max_rate
};

LimitCheck check_limit(std::string_view limit, const Count& count, double max_rate,
                       bool has_hard_cap);

/// Every limit that `criteria` sets, on an arm's totals.
std::vector<LimitCheck> check_limits(const Criteria& criteria, const ArmEvidence& arm);

struct ArmGuardrail {
  std::string arm;
  Guardrail verdict = Guardrail::inconclusive;
  std::vector<LimitCheck> limits;
  std::string reason;  ///< in words, with the figures
};

/// One per arm, control first. Control holds or fails for itself; an arm that fails together with
/// control is held unless it is certainly worse than control. Failing never waits for
/// min_requests, min_duration or the user counts; passing does. `srm_p` of the look.
std::vector<ArmGuardrail> judge_guardrails(const Criteria& criteria, const Evidence& evidence,
                                           double srm_p);

}  // namespace tallygate::router
