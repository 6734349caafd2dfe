#include "router/retry.h"

#include <algorithm>

namespace tallygate::router {
namespace {

bool is_status_retried(std::uint16_t status, const config::RetryOn& on) {
  if (status == 429) return on.status_429;
  if (status == 408) return on.timeout;
  return on.status_5xx && status >= 500 && status != 501 && status != 505;
}

template <class... Causes>
bool is_any(Errc cause, Causes... causes) {
  return ((cause == causes) || ...);
}

bool was_nothing_sent(Errc cause) {
  return is_any(cause, Errc::upstream_connect_error, Errc::upstream_connect_timeout,
                Errc::upstream_busy);
}

bool is_cause_retried(const AttemptFailure& failure, const config::RetryOn& on) {
  using enum Errc;
  const Errc cause = failure.cause;
  if (!traits_of(cause).retryable) return false;
  if (was_nothing_sent(cause)) return on.connect;
  if (is_any(cause, upstream_reset, upstream_bad_response)) return on.reset;
  if (is_any(cause, upstream_timeout, upstream_ttft_timeout, stream_idle_timeout)) {
    return on.timeout;
  }
  if (is_any(cause, upstream_stream_error, upstream_stream_truncated, missing_done)) {
    return on.stream_error;
  }
  if (cause == upstream_status) return is_status_retried(failure.status, on);
  return true;  // upstream_auth_error: our configuration's fault, another target may have it right
}

bool is_stale_connection(const AttemptFailure& failure) {
  return failure.cause == Errc::upstream_reset && failure.reused_connection &&
         !failure.already_reconnected;
}

}  // namespace

RetryDecision decide_retry(const AttemptFailure& failure, const config::Retry& rules) {
  if (!failure.replayable && !was_nothing_sent(failure.cause)) return RetryDecision::give_up;
  if (!failure.time_left) return RetryDecision::give_up;
  if (is_stale_connection(failure)) return RetryDecision::same_target;
  if (!is_cause_retried(failure, rules.on)) return RetryDecision::give_up;
  if (failure.candidates_left == 0) return RetryDecision::give_up;
  if (failure.targets_tried >= rules.max_targets) return RetryDecision::give_up;
  if (!failure.budget_left && !failure.first_fallback_to_healthy) return RetryDecision::give_up;
  return RetryDecision::next_target;
}

std::chrono::milliseconds back_off(const config::Retry& rules, std::uint32_t retry_number,
                                   std::uint64_t dice) {
  // 2^31 times any base above zero is over any cap that makes sense, and cannot overflow below.
  const std::uint32_t doublings = std::min(retry_number, 31U);
  const auto base = static_cast<std::uint64_t>(
      std::clamp<std::int64_t>(rules.base.count(), 0, std::int64_t{1} << 31));
  const auto cap = static_cast<std::uint64_t>(std::max<std::int64_t>(rules.cap.count(), 0));
  const std::uint64_t limit = std::min(base << doublings, cap);
  __extension__ using Wide = unsigned __int128;
  return std::chrono::milliseconds{static_cast<std::int64_t>((Wide{dice} * (limit + 1)) >> 64)};
}

}  // namespace tallygate::router
