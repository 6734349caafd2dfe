#pragma once
// When a target is benched and for how long: `failures` in a row bench it for `base`, each further
// one multiplies by `factor`, up to `cap`. Pure; the state lives in the gateway's HealthBoard.

#include <cstdint>

#include "base/error.h"
#include "base/time.h"
#include "config/settings.h"
#include "router/plan.h"

namespace tallygate::router {

/// How long the bench lasts after the `failures_in_row`th failure; zero = not benched.
std::chrono::milliseconds bench_duration(const config::Blacklist& rules,
                                         std::uint32_t failures_in_row);

/// The state after a failed attempt that counts_against_target() and began at `began`. Failures of
/// attempts that began before the current bench started do not count: they are the same incident.
/// `benched_since` of a target that was never benched is SteadyTime{}.
HealthState after_failure(HealthState state, SteadyTime benched_since, SteadyTime began,
                          SteadyTime now, const config::Blacklist& rules);

/// Whether `cause` with upstream status `status` (0 = none) speaks against the target.
bool counts_against_target(Errc cause, std::uint16_t status);

}  // namespace tallygate::router
