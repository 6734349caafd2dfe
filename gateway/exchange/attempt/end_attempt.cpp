#include "gateway/exchange/attempt/end_attempt.h"

#include "gateway/exchange/finish.h"
#include "gateway/worker_clock.h"

namespace tallygate {
namespace {

std::uint32_t millis(SteadyTime::duration d) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
}

/// What the attempt says about the target's health.
void judge(Exchange& x, const router::Attempt& attempt, SteadyTime now) {
  HealthBoard& health = x.worker.shared().health;
  if (!attempt.failed) {
    health.succeeded(x.candidate->slot);
  } else if (!x.worker.patience_is_over() &&
             router::counts_against_target(attempt.cause, attempt.status)) {
    health.failed(x.candidate->slot, x.attempt_began, now, x.worker.view().settings->blacklist);
  }
}

}  // namespace

void end_attempt(Exchange& x, const Result<void>& result) {
  const SteadyTime now = x.ended = steady_now();
  router::Attempt attempt;
  attempt.target = x.candidate->target;
  attempt.status = x.upstream_head_bytes > 0 ? x.upstream->parser.head().status : 0;
  attempt.failed = result.has_error();
  if (attempt.failed) attempt.cause = result.error().code;
  attempt.start_ms = millis(x.attempt_began - x.started);
  attempt.duration_ms = millis(now - x.attempt_began);
  x.attempts.push_back(attempt);
  x.attempt_open = false;
  count_attempt(x, attempt, now);
  if (!x.mirror_of) judge(x, attempt, now);
}

}  // namespace tallygate
