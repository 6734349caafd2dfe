#include "router/blacklist.h"

#include <cmath>
#include <limits>

namespace tallygate::router {

std::chrono::milliseconds bench_duration(const config::Blacklist& rules,
                                         std::uint32_t failures_in_row) {
  if (rules.failures == 0 || failures_in_row < rules.failures) return {};
  const double steps = failures_in_row - rules.failures;
  const double millis = static_cast<double>(rules.base.count()) * std::pow(rules.factor, steps);
  if (!(millis < static_cast<double>(rules.cap.count()))) return rules.cap;
  return std::chrono::milliseconds{std::llround(millis)};
}

HealthState after_failure(HealthState state, SteadyTime benched_since, SteadyTime began,
                          SteadyTime now, const config::Blacklist& rules) {
  if (began < benched_since) return state;
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
