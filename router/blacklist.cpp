#include "router/blacklist.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tallygate::router {

Standing standing_of(const HealthState& state, SteadyTime now) {
  if (state.benched_until > now) return Standing::benched;
  if (state.cooling_until > now) return Standing::cooling;
  const bool was_benched = state.benched_until != SteadyTime{};
  return was_benched && state.failures_in_row > 0 ? Standing::recovering : Standing::fit;
}

bool is_usable(const HealthState& state, SteadyTime now) {
  const Standing standing = standing_of(state, now);
  return standing == Standing::fit || (standing == Standing::recovering && !state.on_trial);
}

SteadyTime back_at(const HealthState& state) {
  return std::max(state.benched_until, state.cooling_until);
}

std::chrono::milliseconds cooldown(std::optional<std::chrono::milliseconds> asked) {
  return std::clamp(asked.value_or(kUsualCooldown), std::chrono::milliseconds{0}, kLongestCooldown);
}

std::chrono::milliseconds bench_duration(const config::Blacklist& rules,
                                         std::uint32_t failures_in_row) {
  if (rules.failures == 0 || failures_in_row < rules.failures) return {};
  const double steps = failures_in_row - rules.failures;
  const double millis = static_cast<double>(rules.base.count()) * std::pow(rules.factor, steps);
  if (!(millis < static_cast<double>(rules.cap.count()))) return rules.cap;
  return std::chrono::milliseconds{std::llround(millis)};
}

HealthState after_failure(HealthState state, SteadyTime began, SteadyTime now,
                          const config::Blacklist& rules) {
  if (began < state.benched_until) return state;
  if (state.failures_in_row < std::numeric_limits<std::uint32_t>::max()) ++state.failures_in_row;
  const auto bench = bench_duration(rules, state.failures_in_row);
  if (bench.count() > 0) state.benched_until = now + bench;
  return state;
}

bool counts_against_target(Errc cause, std::uint16_t status) {
  if (traits_of(cause).blame != Blame::upstream) return false;
  if (cause == Errc::upstream_auth_error) return false;  // our configuration's fault, not its
  if (cause == Errc::upstream_status) return status >= 500 && status != 501 && status != 505;
  return true;
}

}  // namespace tallygate::router
