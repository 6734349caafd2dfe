#include "router/statistics/guardrail.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "router/statistics/compare.h"
#include "router/statistics/sentence.h"
#include "router/statistics/srm.h"

namespace tallygate::router {
namespace {

constexpr std::string_view kMaxErrorRate = "max_error_rate";
constexpr std::string_view kMaxLatency = "max_latency_ms";
/// Cancels and losses come in users, whose groups are not counted for them.
constexpr double kAssumedDesignEffect = 2;

double as_double(std::uint64_t count) { return static_cast<double>(count); }

/// `most` at the most: counters of different sources may run ahead of each other.
Count count_of(std::uint64_t events, std::uint64_t trials) {
  return {as_double(std::min(events, trials)), as_double(trials)};
}

Mean rate_mean(const Count& count) {
  const double likely = (count.events + 1) / (count.trials + 2);
  return {count.events / count.trials,
          std::sqrt(kAssumedDesignEffect * likely * (1 - likely) / count.trials)};
}

/// Do two rates certainly differ? At the level of the user counts' test, at every look.
bool do_differ(const Count& a, const Count& b) {
  if (a.trials == 0 || b.trials == 0) return false;
  const Mean difference = difference_of(rate_mean(a), rate_mean(b));
  const double k = mixture_k(a.trials + b.trials, kSrmThreshold);
  return std::abs(difference.value) >
         mixture_half_width(difference.standard_error, k, kSrmThreshold);
}

Count aborts_of(const ArmEvidence& arm) {
  return count_of(total(arm, &EpochEvidence::client_aborts), total(arm, &EpochEvidence::completed));
}

Count losses_of(const ArmEvidence& arm) {
  const std::uint64_t started = total(arm, &EpochEvidence::started);
  const std::uint64_t completed = total(arm, &EpochEvidence::completed);
  return count_of(started - std::min(started, completed), started);
}

std::string figures_of(const LimitCheck& check) {
  const std::string what =
      check.limit == kMaxLatency ? " requests took longer than the limit (" : " requests failed (";
  return count_text(static_cast<std::uint64_t>(check.count.events)) + " of " +
         count_text(static_cast<std::uint64_t>(check.count.trials)) + what +
         percent_text(check.count.events / std::max(check.count.trials, 1.0)) + "; " +
         percent_text(check.max_rate) + " are allowed)";
}

/// Worse than control beyond doubt, on the metric that the limit is about.
bool is_worse_than_control(std::string_view limit, const ArmEvidence& control,
                           const ArmEvidence& arm) {
  const Comparison comparison =
      compare(limit == kMaxLatency ? kExceeded : kErrorRate, control, arm, {});
  return comparison.absolute && comparison.absolute->lower > 0;
}

/// Why an arm without a broken limit is held, or "".
std::string reason_to_hold(const Evidence& evidence, const ArmEvidence& arm, double srm_p) {
  const ArmEvidence& control = evidence.arms.front();
  if (srm_p < kSrmThreshold) {
    return "users do not come to the arms in the planned shares, so no comparison can be trusted";
  }
  if (total(arm, &EpochEvidence::started) == 0) return arm.name + " gets no requests";
  if (total(control, &EpochEvidence::started) == 0) return control.name + " gets no requests";
  if (do_differ(losses_of(control), losses_of(arm))) {
    return "the share of requests that were started but not counted as ended differs from " +
           control.name;
  }
  if (do_differ(aborts_of(control), aborts_of(arm))) {
    return "the share of requests that clients cancelled differs from " + control.name;
  }
  return "";
}

/// Why an arm may not pass yet, or "".
std::string reason_to_wait(const Criteria& criteria, const Evidence& evidence,
                           const ArmEvidence& arm) {
  for (const ArmEvidence* each : {&evidence.arms.front(), &arm}) {
    const std::uint64_t started = total(*each, &EpochEvidence::started);
    if (started >= criteria.min_requests) continue;
    return each->name + " has " + count_text(started) + " of the " +
           count_text(criteria.min_requests) + " requests that are wanted";
  }
  if (evidence.elapsed < criteria.min_duration) return "the minimum duration is not over";
  return "";
}

const LimitCheck* broken_in(const std::vector<LimitCheck>& checks, std::string_view limit = "") {
  for (const LimitCheck& check : checks) {
    if (check.is_broken && (limit.empty() || check.limit == limit)) return &check;
  }
  return nullptr;
}

ArmGuardrail judge_arm(const Criteria& criteria, const Evidence& evidence, const ArmEvidence& arm,
                       double srm_p) {
  const ArmEvidence& control = evidence.arms.front();
  ArmGuardrail result{arm.name, Guardrail::pass, check_limits(criteria, arm),
                      arm.name + " keeps within its limits"};
  const auto control_limits = check_limits(criteria, control);
  const LimitCheck* shared = nullptr;
  for (const LimitCheck& check : result.limits) {
    if (!check.is_broken) continue;
    const bool control_fails = &arm != &control && broken_in(control_limits, check.limit);
    if (control_fails && !is_worse_than_control(check.limit, control, arm)) {
      shared = &check;
      continue;
    }
    result.verdict = Guardrail::fail;
    result.reason = arm.name + " breaks " + std::string(check.limit) + ": " + figures_of(check);
    return result;
  }
  if (shared != nullptr) {
    result.verdict = Guardrail::hold;
    result.reason = arm.name + " and " + control.name + " break " + std::string(shared->limit) +
                    " together, so the cause lies elsewhere: " + figures_of(*shared);
    return result;
  }
  if (const std::string reason = reason_to_hold(evidence, arm, srm_p); !reason.empty()) {
    result.verdict = Guardrail::hold;
    result.reason = reason;
  } else if (const std::string wait = reason_to_wait(criteria, evidence, arm); !wait.empty()) {
    result.verdict = Guardrail::inconclusive;
    result.reason = wait;
  }
  return result;
}

}  // namespace

LimitCheck check_limit(std::string_view limit, const Count& count, double max_rate,
                       bool has_hard_cap) {
  LimitCheck check;
  check.limit = limit;
  check.count = count;
  check.max_rate = max_rate;
  check.log_e = log_e_above(count, max_rate);
  check.interval = rate_confidence_sequence(count);
  const bool is_over_cap = has_hard_cap && count.trials >= kHardCapTrials &&
                           count.events > kHardCap * max_rate * count.trials;
  check.is_broken = is_over_cap || check.log_e >= -std::log(kGuardrailAlpha);
  check.is_certified = count.trials > 0 && check.interval.upper <= max_rate;
  return check;
}

std::vector<LimitCheck> check_limits(const Criteria& criteria, const ArmEvidence& arm) {
  std::vector<LimitCheck> checks;
  const std::uint64_t completed = total(arm, &EpochEvidence::completed);
  if (criteria.max_error_rate) {
    const Count count = count_of(total(arm, &EpochEvidence::errors), completed);
    checks.push_back(check_limit(kMaxErrorRate, count, *criteria.max_error_rate, true));
  }
  if (criteria.max_latency_ms) {
    const std::uint64_t unknown = std::min(total(arm, &EpochEvidence::early_aborts), completed);
    const Count count = count_of(total(arm, &EpochEvidence::exceeded), completed - unknown);
    checks.push_back(check_limit(kMaxLatency, count, 1 - criteria.latency_quantile, false));
  }
  return checks;
}

std::vector<ArmGuardrail> judge_guardrails(const Criteria& criteria, const Evidence& evidence,
                                           double srm_p) {
  std::vector<ArmGuardrail> results;
  for (const ArmEvidence& arm : evidence.arms) {
    results.push_back(judge_arm(criteria, evidence, arm, srm_p));
  }
  return results;
}

}  // namespace tallygate::router
