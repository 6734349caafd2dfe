#include "router/blacklist.h"

#include <gtest/gtest.h>

namespace tallygate::router {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart = SteadyTime{} + 1000h;

void check_duration(std::uint32_t failures, std::chrono::milliseconds expected,
                    const config::Blacklist& rules = {}) {
  EXPECT_EQ(bench_duration(rules, failures), expected) << failures << " failures";
}

TEST(Blacklist, DoublesTheWaitUntilTheCap) {
  check_duration(0, 0ms);
  check_duration(2, 0ms);
  check_duration(3, 1h);
  check_duration(4, 2h);
  check_duration(5, 4h);
  check_duration(6, 8h);
  check_duration(7, 16h);
  check_duration(8, 24h);
  check_duration(9, 24h);
  check_duration(UINT32_MAX, 24h);
}

TEST(Blacklist, FollowsTheConfiguredThresholdBaseFactorAndCap) {
  const config::Blacklist rules{
      .failures = 1, .base = 100ms, .factor = 1.5, .cap = 200ms, .probe = {}};
  check_duration(0, 0ms, rules);
  check_duration(1, 100ms, rules);
  check_duration(2, 150ms, rules);
  check_duration(3, 200ms, rules);
  const config::Blacklist constant{.failures = 2, .base = 7ms, .factor = 1, .cap = 1h, .probe = {}};
  check_duration(1'000'000, 7ms, constant);
}

TEST(Blacklist, IsOffWhenThresholdOrBaseIsZero) {
  config::Blacklist rules;
  rules.failures = 0;
  check_duration(100, 0ms, rules);
  rules = {};
  rules.base = 0ms;
  check_duration(100, 0ms, rules);
}

TEST(Blacklist, BenchesFromNowOnTheThirdFailureInARow) {
  HealthState state;
  for (int i = 1; i <= 2; ++i) {
    state = after_failure(state, kStart, kStart + 1s, {});
    EXPECT_EQ(state.benched_until, SteadyTime{}) << "failure " << i;
  }
  state = after_failure(state, kStart, kStart + 1s, {});
  EXPECT_EQ(state.failures_in_row, 3U);
  EXPECT_EQ(state.benched_until, kStart + 1s + 1h);
}

TEST(Blacklist, IgnoresFailuresThatBeganBeforeTheBenchIsOver) {
  const HealthState benched{.benched_until = kStart + 1h, .failures_in_row = 3};
  HealthState state = benched;
  for (const auto began : {kStart - 1ms, kStart + 1ms, kStart + 1h - 1ns}) {
    for (int i = 0; i < 64; ++i) state = after_failure(state, began, kStart + 2h, {});
  }
  EXPECT_EQ(state.failures_in_row, benched.failures_in_row);
  EXPECT_EQ(state.benched_until, benched.benched_until);

  state = after_failure(state, kStart + 1h, kStart + 2h + 1s, {});
  EXPECT_EQ(state.failures_in_row, 4U);
  EXPECT_EQ(state.benched_until, kStart + 2h + 1s + 2h);
}

TEST(Blacklist, NeverWrapsTheFailureCount) {
  const HealthState state = after_failure({SteadyTime{}, UINT32_MAX}, kStart, kStart, {});
  EXPECT_EQ(state.failures_in_row, UINT32_MAX);
  EXPECT_EQ(state.benched_until, kStart + 24h);
}

TEST(Blacklist, SaysHowATargetStands) {
  const SteadyTime none{};
  const SteadyTime past = kStart - 1s;
  const SteadyTime future = kStart + 1s;
  const auto check = [](const HealthState& state, Standing standing, bool usable) {
    EXPECT_EQ(standing_of(state, kStart), standing);
    EXPECT_EQ(is_usable(state, kStart), usable);
  };
  check({}, Standing::fit, true);
  check({none, 2}, Standing::fit, true);
  check({future, 3}, Standing::benched, false);
  check({future, 0}, Standing::benched, false);
  check({kStart, 3}, Standing::recovering, true);
  check({past, 3}, Standing::recovering, true);
  check({past, 3, none, true}, Standing::recovering, false);
  check({past, 0}, Standing::fit, true);
  check({none, 0, future}, Standing::cooling, false);
  check({none, 0, kStart}, Standing::fit, true);
  check({past, 3, future}, Standing::cooling, false);
  check({future, 3, future}, Standing::benched, false);
}

TEST(Blacklist, KnowsWhenATargetIsBack) {
  EXPECT_EQ(back_at({kStart, 3, kStart + 1s}), kStart + 1s);
  EXPECT_EQ(back_at({kStart + 2s, 3, kStart + 1s}), kStart + 2s);
}

TEST(Blacklist, CoolsDownAsLongAsItIsAskedWithinReason) {
  EXPECT_EQ(cooldown(std::nullopt), kUsualCooldown);
  EXPECT_EQ(cooldown(0ms), 0ms);
  EXPECT_EQ(cooldown(2500ms), 2500ms);
  EXPECT_EQ(cooldown(1h), kLongestCooldown);
  EXPECT_EQ(cooldown(-5ms), 0ms);
}

TEST(Blacklist, BlamesTheTargetOnlyForWhatIsItsDoing) {
  const auto check = [](Errc cause, int status, bool expected) {
    EXPECT_EQ(counts_against_target(cause, static_cast<std::uint16_t>(status)), expected)
        << traits_of(cause).code << ' ' << status;
  };
  for (const int status : {500, 502, 503, 504, 529, 599}) {
    check(Errc::upstream_status, status, true);
  }
  for (const int status : {0, 302, 400, 404, 408, 413, 422, 429, 501, 505}) {
    check(Errc::upstream_status, status, false);
  }
  for (const Errc cause :
       {Errc::upstream_connect_error, Errc::upstream_connect_timeout, Errc::upstream_reset,
        Errc::upstream_bad_response, Errc::upstream_timeout, Errc::upstream_ttft_timeout,
        Errc::upstream_stream_error, Errc::upstream_stream_truncated, Errc::stream_idle_timeout,
        Errc::missing_done}) {
    check(cause, 0, true);
    check(cause, 200, true);
  }
  for (const Errc cause : {Errc::upstream_auth_error, Errc::client_abort, Errc::client_slow,
                           Errc::body_too_large, Errc::overloaded, Errc::internal}) {
    check(cause, 0, false);
    check(cause, 500, false);
  }
}

}  // namespace
}  // namespace tallygate::router
