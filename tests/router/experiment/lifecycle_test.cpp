#include "router/experiment/lifecycle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tallygate::router {
namespace {

using enum ExperimentStatus;

constexpr ExperimentStatus kAll[] = {draft, active, paused, completed, cancelled};

WallTime at(int seconds) { return WallTime{std::chrono::seconds{1'700'000'000 + seconds}}; }

TEST(Lifecycle, AllowsTheLegalMovesOnly) {
  const std::pair<ExperimentStatus, ExperimentStatus> legal[] = {
      {draft, active},     {draft, cancelled}, {active, paused},    {active, completed},
      {active, cancelled}, {paused, active},   {paused, completed}, {paused, cancelled}};
  for (const auto from : kAll) {
    for (const auto to : kAll) {
      const bool expected =
          std::find(std::begin(legal), std::end(legal), std::pair(from, to)) != std::end(legal);
      EXPECT_EQ(check_move(from, to).has_value(), expected)
          << to_string(from) << " to " << to_string(to);
    }
  }
}

TEST(Lifecycle, NamesTheStateAndTheLegalMoves) {
  const auto check = [](ExperimentStatus from, ExperimentStatus to, std::string_view message) {
    const auto moved = check_move(from, to);
    ASSERT_TRUE(moved.has_error());
    EXPECT_EQ(moved.error().code, Errc::conflict);
    EXPECT_EQ(moved.error().message, message);
  };
  check(draft, paused,
        "The test is draft and cannot become paused; from here it can become: active, cancelled.");
  check(active, draft,
        "The test is active and cannot become draft; from here it can become: paused, completed, "
        "cancelled.");
  check(cancelled, active,
        "The test is cancelled, which is final: make a new test to run it again.");
}

TEST(Lifecycle, SpellsEveryStatus) {
  for (const auto status : kAll) EXPECT_EQ(parse_status(to_string(status)), status);
  EXPECT_EQ(parse_status("running"), std::nullopt);
  EXPECT_EQ(parse_status(""), std::nullopt);
}

TEST(Lifecycle, FollowsItsSchedule) {
  using Due = std::optional<ExperimentStatus>;
  const Schedule schedule{at(100), at(200)};
  const auto check = [&](ExperimentStatus status, std::optional<WallTime> started, int now,
                         Due expected) {
    EXPECT_EQ(due_move(schedule, status, started, std::nullopt, at(now)), expected)
        << to_string(status) << " at " << now;
  };
  check(draft, std::nullopt, 99, std::nullopt);
  check(draft, std::nullopt, 100, active);
  check(draft, std::nullopt, 200, cancelled);
  check(active, at(100), 199, std::nullopt);
  check(active, at(100), 200, completed);
  check(paused, at(100), 150, std::nullopt);
  check(paused, at(100), 200, completed);
  check(completed, at(100), 300, std::nullopt);
  check(cancelled, std::nullopt, 300, std::nullopt);
}

TEST(Lifecycle, DoesNothingByItselfWithoutASchedule) {
  for (const auto status : kAll) {
    EXPECT_EQ(due_move({}, status, std::nullopt, std::nullopt, at(1'000'000)), std::nullopt);
  }
}

TEST(LifecycleProperty, AClockThatJumpsNeitherRestartsNorEndsTwice) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 dice(seed);
    const auto any = [&] { return at(static_cast<int>(dice() % 1000)); };
    Schedule schedule;
    if (dice() % 4 != 0) schedule.start = any();
    if (dice() % 4 != 0) schedule.end = any();
    ExperimentStatus status = draft;
    std::optional<WallTime> started, ended;
    int starts = 0, ends = 0;
    for (int step = 0; step < 60; ++step) {
      const WallTime now = any();
      const auto due = due_move(schedule, status, started, ended, now);
      if (!due) continue;
      ASSERT_TRUE(check_move(status, *due).has_value());
      status = *due;
      if (status == active) {
        ++starts;
        started = now;
      }
      if (is_final(status)) {
        ++ends;
        ended = now;
      }
    }
    EXPECT_LE(starts, 1);
    EXPECT_LE(ends, 1);
  }
}

}  // namespace
}  // namespace tallygate::router
