#include "router/rate_limit.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace tallygate::router {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr nanoseconds kStart = std::chrono::hours{1000};

/// Requests at these seconds after the start, as "yes 4" (remaining) or "no 1500" (retry after ms).
std::string decisions(std::uint64_t per_minute, const std::vector<double>& at,
                      std::uint64_t cost = 1) {
  FullAt state{0};
  std::string text;
  for (const double second : at) {
    const nanoseconds now = kStart + milliseconds{static_cast<std::int64_t>(second * 1000)};
    const RateDecision decision = take_from_bucket({per_minute}, state, now, cost);
    state = decision.full_at;
    text += text.empty() ? "" : ", ";
    text += decision.allowed ? "yes " + std::to_string(decision.remaining)
                             : "no " + std::to_string(decision.retry_after / milliseconds{1});
  }
  return text;
}

TEST(RateLimit, HoldsAMinutesWorthAndFillsEvenly) {
  EXPECT_EQ(decisions(3, {0, 0, 0, 0}), "yes 2, yes 1, yes 0, no 20000");
  EXPECT_EQ(decisions(3, {0, 0, 0, 10, 19, 20, 20}),
            "yes 2, yes 1, yes 0, no 10000, no 1000, yes 0, no 20000");
  EXPECT_EQ(decisions(3, {0, 0, 0, 600, 600, 600, 600}),
            "yes 2, yes 1, yes 0, yes 2, yes 1, yes 0, no 20000");
  EXPECT_EQ(decisions(7, {0, 0, 0, 0, 0, 0, 0, 0}),
            "yes 6, yes 5, yes 4, yes 3, yes 2, yes 1, yes 0, no 8571");
  EXPECT_EQ(decisions(1, {0, 59, 60}), "yes 0, no 1000, yes 0");
  EXPECT_EQ(decisions(10, {0, 0, 0}, 4), "yes 6, yes 2, no 12000");
}

TEST(RateLimit, RefusalsCostNothing) {
  EXPECT_EQ(decisions(1, {0, 10, 20, 30, 40, 50, 60}),
            "yes 0, no 50000, no 40000, no 30000, no 20000, no 10000, yes 0");
}

TEST(RateLimit, ZeroIsNoLimit) {
  const RateDecision decision = take_from_bucket({0}, kStart + seconds{90}, kStart, 1'000'000);
  EXPECT_TRUE(decision.allowed);
  EXPECT_EQ(decision.full_at, kStart + seconds{90});
  EXPECT_EQ(charge_bucket({0}, kStart, kStart, 50), kStart);
}

TEST(RateLimit, WhatIsChargedAfterwardsMayGoIntoDebt) {
  const RateLimit limit{1000};
  FullAt state = charge_bucket(limit, FullAt{0}, kStart, 1500);
  EXPECT_EQ(state, kStart + seconds{90});
  const RateDecision refused = take_from_bucket(limit, state, kStart, 1);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.remaining, 0U);
  EXPECT_EQ(refused.retry_after, seconds{30} + milliseconds{60});
  EXPECT_EQ(refused.reset_after, seconds{90});
  EXPECT_TRUE(take_from_bucket(limit, state, kStart + seconds{31}, 1).allowed);
  state = charge_bucket({1}, state, kStart, UINT64_MAX);
  EXPECT_EQ(state, kStart + std::chrono::hours{1}) << "debt ends";
}

TEST(RateLimit, NeverAllowsMoreThanTheLimitInAnySpan) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 dice(seed);
  for (int round = 0; round < 50; ++round) {
    const std::uint64_t per_minute = 1 + dice() % 2000;
    FullAt state{0};
    nanoseconds now = kStart;
    std::vector<nanoseconds> allowed;
    for (int i = 0; i < 3000; ++i) {
      now += nanoseconds{static_cast<std::int64_t>(dice() % (90'000'000'000 / per_minute))};
      const RateDecision decision = take_from_bucket({per_minute}, state, now, 1);
      ASSERT_EQ(decision.allowed, decision.retry_after.count() == 0);
      if (decision.allowed) allowed.push_back(now);
      if (!decision.allowed) {
        ASSERT_TRUE(take_from_bucket({per_minute}, state, now + decision.retry_after, 1).allowed)
            << "it is right about when";
      }
      state = decision.full_at;
    }
    for (std::size_t first = 0; first + 1 < allowed.size(); first += 7) {
      for (std::size_t last = first + 1; last < allowed.size(); last += 13) {
        const double minutes =
            std::chrono::duration<double>(allowed[last] - allowed[first]).count() / 60;
        const auto count = static_cast<double>(last - first + 1);
        ASSERT_LE(count, (1 + minutes) * static_cast<double>(per_minute) + 1e-3) << per_minute;
      }
    }
  }
}

}  // namespace
}  // namespace tallygate::router
