#pragma once
// What to do after an attempt failed before anything reached the client. Pure table:
// reference wire.md section 4.

#include <cstdint>

#include "base/error.h"
#include "base/time.h"
#include "config/settings.h"

namespace tallygate::router {

struct AttemptFailure {
  Errc cause = Errc::internal;
  std::uint16_t status = 0;        ///< upstream's status, 0 = none came
  bool reused_connection = false;  ///< and not one response byte arrived
  bool already_reconnected = false;
  /// Body within retry.max_replay and the endpoint may be repeated. What failed before anything was
  /// sent needs neither.
  bool replayable = true;
  std::uint32_t targets_tried = 1;
  std::uint32_t candidates_left = 0;
  bool budget_left = true;
  bool first_fallback_to_healthy = false;  ///< exempt from the budget
  bool time_left = true;                   ///< of the request's own deadline
};

enum class RetryDecision : std::uint8_t { give_up, same_target, next_target };

/// `same_target` is the free reconnect of a stale pooled connection: it bears no health failure and
/// costs neither budget nor a target. Everything else is `next_target` or `give_up`.
RetryDecision decide_retry(const AttemptFailure& failure, const config::Retry& rules);

/// Full jitter: uniform in [0, min(base * 2^n, cap)], n = `retry_number` (0 for the first retry);
/// `dice` is 64 random bits.
std::chrono::milliseconds back_off(const config::Retry& rules, std::uint32_t retry_number,
                                   std::uint64_t dice);

}  // namespace tallygate::router
