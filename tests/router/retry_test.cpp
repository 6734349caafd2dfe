#include "router/retry.h"

#include <gtest/gtest.h>

#include <functional>

namespace tallygate::router {
namespace {

using namespace std::chrono_literals;
using enum RetryDecision;

AttemptFailure failure_of(Errc cause, int status = 0) {
  AttemptFailure failure;
  failure.cause = cause;
  failure.status = static_cast<std::uint16_t>(status);
  failure.candidates_left = 2;
  return failure;
}

void check(const AttemptFailure& failure, RetryDecision expected, const config::Retry& rules = {}) {
  EXPECT_EQ(decide_retry(failure, rules), expected)
      << traits_of(failure.cause).code << ' ' << failure.status;
}

TEST(Retry, TriesAnotherTargetForWhatTheTableAllows) {
  for (const Errc cause :
       {Errc::upstream_connect_error, Errc::upstream_connect_timeout, Errc::upstream_reset,
        Errc::upstream_bad_response, Errc::upstream_timeout, Errc::upstream_ttft_timeout,
        Errc::stream_idle_timeout, Errc::upstream_stream_error, Errc::upstream_stream_truncated,
        Errc::missing_done, Errc::upstream_auth_error, Errc::upstream_busy}) {
    check(failure_of(cause), next_target);
  }
  for (const int status : {408, 429, 500, 502, 503, 504, 529}) {
    check(failure_of(Errc::upstream_status, status), next_target);
  }
}

TEST(Retry, NeverRepeatsTheClientsOwnMistakesAndLeavings) {
  for (const int status : {0, 302, 400, 401, 403, 404, 409, 413, 422, 501, 505}) {
    check(failure_of(Errc::upstream_status, status), give_up);
  }
  for (const Errc cause : {Errc::client_abort, Errc::client_slow, Errc::internal,
                           Errc::no_healthy_upstream, Errc::draining, Errc::deadline_exceeded}) {
    check(failure_of(cause, 503), give_up);
  }
}

TEST(Retry, ReconnectsAStaleConnectionOnceAndForFree) {
  AttemptFailure stale = failure_of(Errc::upstream_reset);
  stale.reused_connection = true;
  stale.candidates_left = 0;
  stale.targets_tried = 3;
  stale.budget_left = false;
  config::Retry rules;
  rules.on.reset = false;
  check(stale, same_target, rules);

  stale.already_reconnected = true;
  check(stale, give_up);
  stale.candidates_left = 1;
  stale.targets_tried = 1;
  stale.budget_left = true;
  check(stale, next_target);
}

TEST(Retry, ReconnectsForAResetOnly) {
  AttemptFailure timeout = failure_of(Errc::upstream_timeout);
  timeout.reused_connection = true;
  check(timeout, next_target);
}

TEST(Retry, RepeatsWhatCannotBeReplayedOnlyIfNothingWasSent) {
  const auto check_unreplayable = [](Errc cause, RetryDecision expected) {
    AttemptFailure failure = failure_of(cause, 503);
    failure.replayable = false;
    failure.reused_connection = true;
    check(failure, expected);
  };
  check_unreplayable(Errc::upstream_connect_error, next_target);
  check_unreplayable(Errc::upstream_connect_timeout, next_target);
  check_unreplayable(Errc::upstream_busy, next_target);
  check_unreplayable(Errc::upstream_reset, give_up);
  check_unreplayable(Errc::upstream_status, give_up);
  check_unreplayable(Errc::upstream_ttft_timeout, give_up);
}

TEST(Retry, StopsAtTargetsCandidatesAndBudget) {
  AttemptFailure failure = failure_of(Errc::upstream_connect_error);
  failure.targets_tried = 2;
  check(failure, next_target);
  failure.targets_tried = 3;
  check(failure, give_up);
  failure.targets_tried = 1;
  config::Retry single;
  single.max_targets = 1;
  check(failure, give_up, single);

  failure.candidates_left = 0;
  check(failure, give_up);

  failure.candidates_left = 1;
  failure.budget_left = false;
  check(failure, give_up);
  failure.first_fallback_to_healthy = true;
  check(failure, next_target);
}

TEST(Retry, StopsWhenTheRequestsTimeIsUp) {
  AttemptFailure failure = failure_of(Errc::upstream_connect_error);
  failure.time_left = false;
  failure.first_fallback_to_healthy = true;
  check(failure, give_up);
  failure = failure_of(Errc::upstream_reset);
  failure.time_left = false;
  failure.reused_connection = true;
  check(failure, give_up);
}

TEST(Retry, ObeysEachSwitch) {
  const auto check_switch = [](bool config::RetryOn::*flag, const AttemptFailure& failure) {
    check(failure, next_target);
    config::Retry rules;
    rules.on.*flag = false;
    check(failure, give_up, rules);
    config::Retry only;
    only.on = {false, false, false, false, false, false};
    check(failure, give_up, only);
    only.on.*flag = true;
    check(failure, next_target, only);
  };
  using On = config::RetryOn;
  check_switch(&On::connect, failure_of(Errc::upstream_connect_error));
  check_switch(&On::connect, failure_of(Errc::upstream_connect_timeout));
  check_switch(&On::connect, failure_of(Errc::upstream_busy));
  check_switch(&On::reset, failure_of(Errc::upstream_reset));
  check_switch(&On::reset, failure_of(Errc::upstream_bad_response));
  check_switch(&On::status_5xx, failure_of(Errc::upstream_status, 500));
  check_switch(&On::status_429, failure_of(Errc::upstream_status, 429));
  check_switch(&On::timeout, failure_of(Errc::upstream_status, 408));
  check_switch(&On::timeout, failure_of(Errc::upstream_ttft_timeout));
  check_switch(&On::stream_error, failure_of(Errc::upstream_stream_error));
  check_switch(&On::stream_error, failure_of(Errc::missing_done));
}

TEST(BackOff, IsUniformUpToTheDoublingLimitAndItsCap) {
  const auto check_limit = [](std::uint32_t retry, std::chrono::milliseconds limit) {
    EXPECT_EQ(back_off({}, retry, 0), 0ms);
    EXPECT_EQ(back_off({}, retry, UINT64_MAX), limit) << "retry " << retry;
    EXPECT_EQ(back_off({}, retry, UINT64_MAX / 2), limit / 2) << "retry " << retry;
  };
  check_limit(0, 25ms);
  check_limit(1, 50ms);
  check_limit(2, 100ms);
  check_limit(3, 200ms);
  check_limit(4, 250ms);
  check_limit(100, 250ms);
  check_limit(UINT32_MAX, 250ms);
}

TEST(BackOff, SurvivesAnyConfiguredDuration) {
  const auto rules_of = [](config::Duration base, config::Duration cap) {
    config::Retry rules;
    rules.base = base;
    rules.cap = cap;
    return rules;
  };
  const auto longest = config::Duration::max();
  EXPECT_EQ(back_off(rules_of(0ms, 250ms), 9, UINT64_MAX), 0ms);
  EXPECT_EQ(back_off(rules_of(25ms, 0ms), 9, UINT64_MAX), 0ms);
  EXPECT_GE(back_off(rules_of(longest, longest), 31, UINT64_MAX), 1h);
}

}  // namespace
}  // namespace tallygate::router
