#include "router/experiment/rollout.h"

#include <gtest/gtest.h>

namespace tallygate::router {

// As text, so that a failure reads.
void PrintTo(const RolloutMove& move, std::ostream* out) {
  *out << static_cast<int>(move.kind) << " stage " << move.stage << " winner "
       << (move.winner ? static_cast<int>(*move.winner) : -1) << ": " << move.reason;
}

namespace {

using Kind = RolloutMove::Kind;
using std::chrono::seconds;

WallTime at(int seconds_later) { return WallTime{seconds{1'700'000'000 + seconds_later}}; }

struct Case {
  Criteria criteria;
  RolloutState state{ExperimentStatus::active, 0, at(0), at(0)};
  Look look{Guardrail::pass, true, std::nullopt, false, 1000, "evidence"};
  int now = 1000;

  Case() { criteria.rollout = {1, 50, 100}; }
  RolloutMove move() const { return after_look(state, criteria, look, at(now)); }
};

void check(const Case& given, Kind kind, std::size_t stage, std::string_view reason) {
  const RolloutMove move = given.move();
  EXPECT_EQ(move.kind, kind) << ::testing::PrintToString(move);
  EXPECT_EQ(move.stage, stage) << ::testing::PrintToString(move);
  EXPECT_EQ(move.reason, reason);
}

TEST(Rollout, GoesStageByStage) {
  Case given;
  check(given, Kind::next_stage, 1, "all limits hold: on to 50 %");
  given.state.stage = 1;
  check(given, Kind::next_stage, 2, "all limits hold: on to 100 %");
  given.state.stage = 2;
  check(given, Kind::hold, 2, "waits for a decision");
}

TEST(Rollout, NeedsEveryLimitCertifiedForTheWholeRoute) {
  Case given;
  given.state.stage = 1;
  given.look.is_certified = false;
  check(given, Kind::next_stage, 2, "all limits hold: on to 100 %");
  given.criteria.max_error_rate = 0.01;
  check(given, Kind::hold, 1, "waits until every limit is certified to go to 100 %");
  given.look.is_certified = true;
  check(given, Kind::next_stage, 2, "all limits hold: on to 100 %");
}

TEST(Rollout, HoldsUntilEverythingIsThere) {
  Case given;
  given.look.guardrail = Guardrail::inconclusive;
  check(given, Kind::hold, 0, "not every limit holds yet");
  given.look.guardrail = Guardrail::hold;
  check(given, Kind::hold, 0, "evidence");
  given.look.guardrail = Guardrail::pass;
  given.criteria.min_duration = seconds{1001};
  check(given, Kind::hold, 0, "min_duration has not passed");
  given.criteria.min_duration = seconds{1000};
  given.look.stage_requests = 49;
  check(given, Kind::hold, 0, "too few requests in this stage");
  given.look.stage_requests = 50;
  given.criteria.min_requests = 51;
  check(given, Kind::hold, 0, "too few requests in this stage");
  given.look.stage_requests = 51;
  check(given, Kind::next_stage, 1, "all limits hold: on to 50 %");
}

TEST(Rollout, HoldsWhenTheClockWasSetBack) {
  Case given;
  given.now = -5;
  given.criteria.max_duration = seconds{10};
  check(given, Kind::hold, 0, "min_duration has not passed");
}

TEST(Rollout, RollsBackWithTheEvidenceWhateverElseHolds) {
  Case given;
  given.look.guardrail = Guardrail::fail;
  given.look.stage_requests = 0;
  given.criteria.min_duration = seconds{100'000};
  given.state.stage = 2;
  check(given, Kind::roll_back, 0, "evidence");
}

TEST(Rollout, CompletesOnlyWhereItMay) {
  Case given;
  given.criteria.rollout.clear();
  given.look.winner = 1;
  check(given, Kind::hold, 0, "waits for a decision");
  given.criteria.auto_complete = true;
  check(given, Kind::complete, 0, "auto_complete");
  EXPECT_EQ(given.move().winner, 1);
  given.look.winner.reset();
  check(given, Kind::hold, 0, "no winner yet");
  given.look.is_futile = true;
  check(given, Kind::complete, 0, "no arm can reach min_improvement any more");
  EXPECT_EQ(given.move().winner, std::nullopt);
}

TEST(Rollout, EndsWithoutAWinnerAfterMaxDuration) {
  Case given;
  given.criteria.max_duration = seconds{1000};
  given.look.guardrail = Guardrail::inconclusive;
  given.look.winner = 1;
  check(given, Kind::complete, 0, "max_duration");
  EXPECT_EQ(given.move().winner, std::nullopt);
  given.now = 999;
  check(given, Kind::hold, 0, "not every limit holds yet");
}

TEST(Rollout, TouchesOnlyActiveTests) {
  using enum ExperimentStatus;
  for (const auto status : {draft, paused, completed, cancelled}) {
    Case given;
    given.state.status = status;
    given.look.guardrail = Guardrail::fail;
    check(given, Kind::hold, 0, "the test is not active");
  }
}

TEST(Rollout, CoversTheRouteByItsStages) {
  Criteria criteria;
  EXPECT_EQ(coverage_of(criteria, 0), 1);
  criteria.rollout = {1, 25, 100};
  EXPECT_DOUBLE_EQ(coverage_of(criteria, 0), 0.01);
  EXPECT_DOUBLE_EQ(coverage_of(criteria, 1), 0.25);
  EXPECT_DOUBLE_EQ(coverage_of(criteria, 7), 1);
}

}  // namespace
}  // namespace tallygate::router
