#pragma once
// When a target is benched and for how long: `failures` in a row bench it for `base`, each further
// one multiplies by `factor`, up to `cap`. When a bench is over, one request at a time tries the
// target until one succeeds. A 429 is no failure: the target cools down for as long as it asks.
// Pure; the state lives in the gateway's HealthBoard.

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "base/time.h"
#include "config/settings.h"
#include "router/plan.h"

namespace tallygate::router {

/// What a 429 without Retry-After means, and the longest that is believed.
inline constexpr std::chrono::milliseconds kUsualCooldown{1'000};
inline constexpr std::chrono::milliseconds kLongestCooldown{60'000};

enum class Standing : std::uint8_t {
  fit,
  benched,
  cooling,
  recovering,  ///< its bench is over and nothing has succeeded since
};
/// A bench by hand counts no failures: when it is over, the target is fit.
Standing standing_of(const HealthState& state, SteadyTime now);

/// Whether a request may be planned on it: fit, or recovering with no request on trial yet.
bool is_usable(const HealthState& state, SteadyTime now);

/// When a target that is not usable may be again; recovering ones could be at any time.
SteadyTime back_at(const HealthState& state);

/// How long a target cools down that answers 429 and asks for `asked`; nullopt = does not say.
std::chrono::milliseconds cooldown(std::optional<std::chrono::milliseconds> asked);

/// How long the bench lasts after the `failures_in_row`th failure; zero = not benched.
std::chrono::milliseconds bench_duration(const config::Blacklist& rules,
                                         std::uint32_t failures_in_row);

/// The state after a failed attempt that counts_against_target() and began at `began`. Attempts
/// that began before the current bench is over do not count: those under way when it started are
/// the same incident, and those made because all are benched say nothing new. Else a short outage
/// of all would end at the cap.
HealthState after_failure(HealthState state, SteadyTime began, SteadyTime now,
                          const config::Blacklist& rules);

/// Whether `cause` with upstream status `status` (0 = none) speaks against the target.
bool counts_against_target(Errc cause, std::uint16_t status);

}  // namespace tallygate::router
