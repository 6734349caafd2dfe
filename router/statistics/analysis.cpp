#include "router/statistics/analysis.h"

#include <algorithm>
#include <limits>
#include <set>

#include "router/statistics/sentence.h"
#include "router/statistics/srm.h"

namespace tallygate::router {
namespace {

using Kind = Recommendation::Kind;

double log_srm(const Evidence& evidence) {
  std::size_t epochs = 0;
  for (const ArmEvidence& arm : evidence.arms) epochs = std::max(epochs, arm.epochs.size());
  double log_factor = 0;
  for (std::size_t e = 0; e < epochs; ++e) {
    std::vector<ArmUsers> users;
    for (const ArmEvidence& arm : evidence.arms) {
      if (e >= arm.epochs.size()) continue;
      users.push_back({static_cast<double>(arm.epochs[e].users), arm.epochs[e].planned_share});
    }
    log_factor += log_srm_bayes_factor(users);
  }
  return log_factor;
}

/// criteria.metric first, then every metric that any arm has, by name.
std::vector<std::string> metrics_of(const Criteria& criteria, const Evidence& evidence) {
  std::set<std::string> names;
  for (const ArmEvidence& arm : evidence.arms) {
    for (const EpochEvidence& epoch : arm.epochs) {
      for (const auto& [name, unused] : epoch.metrics) names.insert(name);
    }
  }
  names.erase(std::string(kExceeded));
  names.erase(criteria.metric);
  std::vector<std::string> metrics{criteria.metric};
  metrics.insert(metrics.end(), names.begin(), names.end());
  return metrics;
}

/// The comparison of `metric` for the arm with index `arm` (from 1).
const Comparison* find_comparison(const Analysis& analysis, std::string_view metric,
                                  const std::string& arm) {
  for (const Comparison& each : analysis.comparisons) {
    if (each.metric == metric && each.arm == arm) return &each;
  }
  return nullptr;
}

/// Everything that a recommendation looks at.
struct Standing {
  const Criteria& criteria;
  const Evidence& evidence;
  const Analysis& analysis;

  const Comparison& primary(std::size_t arm) const { return analysis.comparisons[arm - 1]; }
  Guardrail guardrail(std::size_t arm) const { return analysis.guardrails[arm].verdict; }
  bool has_failed(std::size_t arm) const { return guardrail(arm) == Guardrail::fail; }

  double cost(std::size_t arm) const {
    const Comparison* found = find_comparison(analysis, kCost, evidence.arms[arm].name);
    return found && found->absolute ? found->mean : std::numeric_limits<double>::infinity();
  }

  bool is_early() const {
    std::chrono::seconds least = criteria.min_duration;
    if (least <= std::chrono::seconds(0)) {
      const bool ends = criteria.max_duration > std::chrono::seconds(0);
      least = ends ? std::min(kFullDay, criteria.max_duration) : kFullDay;
    }
    return evidence.elapsed < least;
  }
  bool is_over() const {
    return criteria.max_duration > std::chrono::seconds(0) &&
           evidence.elapsed >= criteria.max_duration;
  }
  /// The arm that still lacks requests, if any. One that failed is not compared any more.
  const ArmEvidence* lacking() const {
    for (std::size_t i = 0; i < evidence.arms.size(); ++i) {
      if (i > 0 && has_failed(i)) continue;
      const ArmEvidence& arm = evidence.arms[i];
      if (total(arm, &EpochEvidence::started) < criteria.min_requests) return &arm;
    }
    return nullptr;
  }
  /// 5.3: the largest lower bound; of equals the cheaper.
  std::optional<std::size_t> winner() const {
    std::optional<std::size_t> best;
    for (std::size_t i = 1; i < evidence.arms.size(); ++i) {
      if (primary(i).verdict != Verdict::win || guardrail(i) != Guardrail::pass) continue;
      const double lower = improvement_of(primary(i))->lower;
      const double known = best ? improvement_of(primary(*best))->lower : lower;
      if (!best || lower > known || (lower == known && cost(i) < cost(*best))) best = i;
    }
    return best;
  }
  bool none_can_win() const {
    for (std::size_t i = 1; i < evidence.arms.size(); ++i) {
      const Verdict verdict = primary(i).verdict;
      if (!has_failed(i) && verdict != Verdict::lose && verdict != Verdict::futile) return false;
    }
    return true;
  }
  bool all_failed() const {
    for (std::size_t i = 1; i < evidence.arms.size(); ++i) {
      if (!has_failed(i)) return false;
    }
    return true;
  }
  const ArmGuardrail* held() const {
    for (std::size_t i = 1; i < evidence.arms.size(); ++i) {
      if (guardrail(i) == Guardrail::hold) return &analysis.guardrails[i];
    }
    return nullptr;
  }
};

Recommendation recommend(const Standing& standing) {
  const std::string control = standing.evidence.arms.front().name;
  if (standing.all_failed()) {
    return {Kind::keep_control,
            {},
            "Keep " + control + ": " + standing.analysis.guardrails[1].reason + "."};
  }
  const ArmGuardrail* held = standing.held();
  const bool may_decide = !standing.is_early() && standing.lacking() == nullptr;
  if (may_decide) {
    if (const auto arm = standing.winner()) {
      return {Kind::winner, arm,
              "Take " + standing.evidence.arms[*arm].name + ": " + standing.primary(*arm).sentence};
    }
    if (held == nullptr && standing.none_can_win()) {
      return {Kind::keep_control, {}, "Keep " + control + ": " + standing.primary(1).sentence};
    }
  }
  if (standing.is_over()) {
    return {Kind::no_winner,
            {},
            "The longest duration is over without a winner: keep " + control +
                ", or decide by what the metrics show."};
  }
  if (held != nullptr) return {Kind::hold, {}, "Do not decide yet: " + held->reason + "."};
  if (const ArmEvidence* arm = standing.lacking()) {
    return {Kind::keep_running,
            {},
            "Let it run: " + arm->name + " has fewer than the " +
                count_text(standing.criteria.min_requests) + " requests that every arm needs."};
  }
  if (standing.is_early()) {
    return {Kind::keep_running,
            {},
            "Let it run: a winner is named after the minimum duration (a full day by default)."};
  }
  return {Kind::keep_running, {}, "Let it run: " + standing.primary(1).sentence};
}

}  // namespace

std::string_view to_string(Recommendation::Kind kind) {
  switch (kind) {
    case Kind::keep_running: return "keep_running";
    case Kind::hold: return "hold";
    case Kind::winner: return "winner";
    case Kind::keep_control: return "keep_control";
    case Kind::no_winner: return "no_winner";
  }
  return "keep_running";
}

Analysis analyse(const Criteria& criteria, const Evidence& evidence) {
  Analysis analysis;
  analysis.srm_p = std::min(evidence.srm_p_before, srm_p(log_srm(evidence)));
  analysis.guardrails = judge_guardrails(criteria, evidence, analysis.srm_p);
  if (evidence.arms.size() < 2) {
    analysis.recommendation.sentence = "There is nothing to compare: the test has one arm.";
    return analysis;
  }
  const Confidence confidence{kAlpha, kAlpha / static_cast<double>(evidence.arms.size() - 1)};
  for (const std::string& metric : metrics_of(criteria, evidence)) {
    const bool is_primary = metric == criteria.metric;
    const Threshold threshold =
        is_primary ? Threshold{criteria.min_improvement, criteria.min_improvement_absolute}
                   : Threshold{};
    for (std::size_t i = 1; i < evidence.arms.size(); ++i) {
      analysis.comparisons.push_back(
          compare(metric, evidence.arms.front(), evidence.arms[i], threshold, confidence));
    }
  }
  analysis.recommendation = recommend({criteria, evidence, analysis});
  return analysis;
}

Look look_of(const Analysis& analysis, std::uint64_t stage_requests) {
  Look look;
  look.stage_requests = stage_requests;
  look.guardrail = Guardrail::pass;
  look.is_certified = analysis.guardrails.size() > 1;
  const auto weight = [](Guardrail verdict) {
    switch (verdict) {
      case Guardrail::pass: return 0;
      case Guardrail::inconclusive: return 1;
      case Guardrail::hold: return 2;
      case Guardrail::fail: return 3;
    }
    return 0;
  };
  for (std::size_t i = 1; i < analysis.guardrails.size(); ++i) {
    const ArmGuardrail& arm = analysis.guardrails[i];
    if (i == 1 || weight(arm.verdict) > weight(look.guardrail)) {
      look.guardrail = arm.verdict;
      look.evidence = arm.reason;
    }
    for (const LimitCheck& check : arm.limits) {
      look.is_certified = look.is_certified && check.is_certified;
    }
  }
  const Recommendation& recommendation = analysis.recommendation;
  if (recommendation.kind == Recommendation::Kind::winner) {
    look.winner = static_cast<std::uint8_t>(*recommendation.arm);
    look.evidence = recommendation.sentence;
  }
  look.is_futile = recommendation.kind == Recommendation::Kind::keep_control &&
                   look.guardrail != Guardrail::fail;
  return look;
}

}  // namespace tallygate::router
