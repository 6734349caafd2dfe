#include "router/experiment/rollout.h"

#include <algorithm>

#include "config/yaml/scalars.h"

namespace tallygate::router {
namespace {

using Kind = RolloutMove::Kind;

bool has_limits(const Criteria& criteria) {
  return criteria.max_error_rate || criteria.max_latency_ms;
}

/// Whether `span` has passed; a clock that was set back only makes it later.
bool has_passed(WallTime since, std::chrono::seconds span, WallTime now) {
  return now >= since && now - since >= span;
}

RolloutMove after_pass(const RolloutState& state, const Criteria& criteria, const Look& look) {
  const std::size_t next = state.stage + 1;
  if (next < criteria.rollout.size()) {
    const double percent = criteria.rollout[next];
    const std::string words = config::yaml::render_number(percent) + " %";
    if (percent >= 100 && has_limits(criteria) && !look.is_certified) {
      return {
          Kind::hold, state.stage, {}, "waits until every limit is certified to go to " + words};
    }
    return {Kind::next_stage, next, {}, "all limits hold: on to " + words};
  }
  if (!criteria.auto_complete) return {Kind::hold, state.stage, {}, "waits for a decision"};
  if (look.winner) return {Kind::complete, state.stage, look.winner, "auto_complete"};
  if (look.is_futile) {
    return {Kind::complete, state.stage, {}, "no arm can reach min_improvement any more"};
  }
  return {Kind::hold, state.stage, {}, "no winner yet"};
}

}  // namespace

double coverage_of(const Criteria& criteria, std::size_t stage) {
  if (criteria.rollout.empty()) return 1;
  const std::size_t last = criteria.rollout.size() - 1;
  return std::clamp(criteria.rollout[std::min(stage, last)] / 100, 0.0, 1.0);
}

RolloutMove after_look(const RolloutState& state, const Criteria& criteria, const Look& look,
                       WallTime now) {
  const auto hold = [&](std::string why) {
    return RolloutMove{Kind::hold, state.stage, {}, std::move(why)};
  };
  if (state.status != ExperimentStatus::active) return hold("the test is not active");
  if (look.guardrail == Guardrail::fail) return {Kind::roll_back, 0, {}, look.evidence};
  if (criteria.max_duration.count() > 0 && has_passed(state.started, criteria.max_duration, now)) {
    return {Kind::complete, state.stage, {}, "max_duration"};
  }
  if (look.guardrail == Guardrail::hold) return hold(look.evidence);
  if (look.guardrail == Guardrail::inconclusive) return hold("not every limit holds yet");
  if (!has_passed(state.stage_since, criteria.min_duration, now)) {
    return hold("min_duration has not passed");
  }
  if (look.stage_requests < std::max(criteria.min_requests, kMinStageRequests)) {
    return hold("too few requests in this stage");
  }
  return after_pass(state, criteria, look);
}

}  // namespace tallygate::router
