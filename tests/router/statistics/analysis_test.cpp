#include "router/statistics/analysis.h"

#include <gtest/gtest.h>

#include "evidence_kit.h"
#include "router/statistics/srm.h"

namespace tallygate::router {
namespace {

using std::chrono::hours;
using test::arm_of;
using test::with;
using Kind = Recommendation::Kind;

ArmEvidence fast(const std::string& name, double millis, double dollars = 1) {
  return with(with(arm_of(name, 10'000, 50), kLatency, millis, 5), kCost, dollars, .01);
}

Criteria wanting(double improvement) {
  Criteria criteria;
  criteria.metric = kLatency;
  criteria.max_error_rate = .02;
  criteria.min_improvement = improvement;
  return criteria;
}

Recommendation advise(const Criteria& criteria, std::vector<ArmEvidence> arms,
                      std::chrono::seconds elapsed = hours(48)) {
  return analyse(criteria, {std::move(arms), elapsed}).recommendation;
}

TEST(Analysis, NamesTheWinnerInPlainWords) {
  const Recommendation advice = advise(wanting(.05), {fast("a", 200), fast("b", 170)});
  EXPECT_EQ(advice.kind, Kind::winner);
  EXPECT_EQ(advice.arm, 1u);
  EXPECT_EQ(advice.sentence,
            "Take b: b answers 15 % faster than a (between 14 % and 16 %), at least the 5 % that "
            "was asked for; this is settled at 95 %.");
}

TEST(Analysis, ComparesEveryMetricThePrimaryFirst) {
  ArmEvidence b = with(fast("b", 170), "rating", 4, .1);
  b.epochs[0].metrics[std::string(kExceeded)] = {};
  const Analysis analysis = analyse(wanting(.05), {{fast("a", 200), b}, hours(48)});
  std::string metrics;
  for (const Comparison& each : analysis.comparisons) metrics += each.metric + " ";
  EXPECT_EQ(metrics, "latency cost error_rate rating ");
  EXPECT_EQ(analysis.comparisons[3].verdict, Verdict::undecided);
  EXPECT_EQ(analysis.guardrails.size(), 2u);
}

TEST(Analysis, WaitsForTheFullDayAndTheRequests) {
  const std::vector<ArmEvidence> arms{fast("a", 200), fast("b", 170)};
  Criteria criteria = wanting(.05);
  EXPECT_EQ(advise(criteria, arms, hours(23)).kind, Kind::keep_running);
  EXPECT_EQ(advise(criteria, arms, hours(24)).kind, Kind::winner);
  criteria.max_duration = hours(12);
  EXPECT_EQ(advise(criteria, arms, hours(11)).kind, Kind::keep_running);
  EXPECT_EQ(advise(criteria, arms, hours(12)).kind, Kind::winner);
  criteria.min_duration = hours(1);
  EXPECT_EQ(advise(criteria, arms, hours(1)).kind, Kind::winner);
  criteria.min_requests = 10'001;
  EXPECT_EQ(advise(criteria, arms, hours(1)).kind, Kind::keep_running);
  EXPECT_EQ(advise(criteria, arms, hours(12)).kind, Kind::no_winner);
}

TEST(Analysis, KeepsControlWhenNobodyCanWin) {
  EXPECT_EQ(advise(wanting(.05), {fast("a", 200), fast("b", 230)}).kind, Kind::keep_control);
  EXPECT_EQ(advise(wanting(.05), {fast("a", 200), fast("b", 199)}).kind, Kind::keep_control);
  EXPECT_EQ(advise(wanting(.05), {fast("a", 200), fast("b", 190)}).kind, Kind::keep_running);
  EXPECT_EQ(advise(wanting(.05), {fast("a", 200), fast("b", 199)}, hours(1)).kind,
            Kind::keep_running);
}

TEST(Analysis, TakesTheBestOfSeveralAndTheCheaperOfEquals) {
  const auto winner = [](const ArmEvidence& b, const ArmEvidence& c) {
    return advise(wanting(.05), {fast("a", 200), b, c}).arm;
  };
  EXPECT_EQ(winner(fast("b", 170), fast("c", 160)), 2u);
  EXPECT_EQ(winner(fast("b", 160), fast("c", 170)), 1u);
  EXPECT_EQ(winner(fast("b", 170, 1), fast("c", 170, .5)), 2u);
  EXPECT_EQ(winner(fast("b", 170, .5), fast("c", 170, 1)), 1u);
  EXPECT_EQ(winner(fast("b", 170), fast("c", 230)), 1u);
}

TEST(Analysis, SharesAlphaBetweenTheArms) {
  const auto width = [](std::vector<ArmEvidence> arms) {
    const auto analysis = analyse(wanting(.05), {std::move(arms), hours(48)});
    return analysis.comparisons[0].absolute->upper - analysis.comparisons[0].absolute->lower;
  };
  EXPECT_GT(width({fast("a", 200), fast("b", 170), fast("c", 190)}),
            width({fast("a", 200), fast("b", 170)}));
}

TEST(Analysis, NeverNamesAnArmThatBreaksALimit) {
  ArmEvidence broken = with(arm_of("b", 10'000, 1000), kLatency, 100, 5);
  const Recommendation alone = advise(wanting(.05), {fast("a", 200), broken});
  EXPECT_EQ(alone.kind, Kind::keep_control);
  EXPECT_NE(alone.sentence.find("1,000 of 10,000 requests failed"), std::string::npos);
  EXPECT_EQ(advise(wanting(.05), {fast("a", 200), broken, fast("c", 170)}).arm, 2u);
}

TEST(Analysis, HoldsOnASampleRatioMismatchAndRemembersIt) {
  ArmEvidence b = fast("b", 170);
  b.epochs[0].users = 3000;  // of 2500
  Evidence evidence{{fast("a", 200), b}, hours(48)};
  const Analysis analysis = analyse(wanting(.05), evidence);
  EXPECT_LT(analysis.srm_p, kSrmThreshold);
  EXPECT_EQ(analysis.recommendation.kind, Kind::hold);
  evidence.arms[1].epochs[0].users = 2500;
  EXPECT_EQ(analyse(wanting(.05), evidence).srm_p, 1);
  evidence.srm_p_before = analysis.srm_p;
  EXPECT_EQ(analyse(wanting(.05), evidence).recommendation.kind, Kind::hold);
}

TEST(Analysis, TestsUserCountsPerEpoch) {
  // 90:10 and then 10:90: the sums are even, and so are both epochs' own shares.
  ArmEvidence a = fast("a", 200);
  ArmEvidence b = fast("b", 170);
  a.epochs.push_back(a.epochs[0]);
  b.epochs.push_back(b.epochs[0]);
  const auto deal = [](EpochEvidence& epoch, std::uint64_t users, double share) {
    epoch.users = users;
    epoch.planned_share = share;
  };
  deal(a.epochs[0], 9000, .9);
  deal(b.epochs[0], 1000, .1);
  deal(a.epochs[1], 1000, .1);
  deal(b.epochs[1], 9000, .9);
  EXPECT_EQ(analyse(wanting(.05), {{a, b}, hours(48)}).srm_p, 1);
  deal(b.epochs[1], 9000, .1);
  deal(a.epochs[1], 1000, .9);
  EXPECT_LT(analyse(wanting(.05), {{a, b}, hours(48)}).srm_p, 1e-9);
}

TEST(Analysis, AnswersForTestsWithoutDataOrArms) {
  EXPECT_EQ(advise(wanting(.05), {}).kind, Kind::keep_running);
  EXPECT_EQ(advise(wanting(.05), {fast("a", 200)}).kind, Kind::keep_running);
  EXPECT_EQ(advise(wanting(.05), {{"a", {}}, {"b", {}}}).kind, Kind::hold);
  const Analysis empty = analyse({}, {{{"a", {}}, {"b", {}}}, hours(0)});
  EXPECT_EQ(empty.comparisons.size(), 1u);
  EXPECT_EQ(empty.srm_p, 1);
}

TEST(Look, TellsTheRolloutTheWorstOfAllArms) {
  const auto look = [](std::vector<ArmEvidence> arms, std::chrono::seconds elapsed = hours(48)) {
    return look_of(analyse(wanting(.05), {std::move(arms), elapsed}), 77);
  };
  const ArmEvidence broken = arm_of("c", 10'000, 1000);
  EXPECT_EQ(look({fast("a", 200), fast("b", 170)}).guardrail, Guardrail::pass);
  EXPECT_EQ(look({fast("a", 200), fast("b", 170)}).winner, 1);
  EXPECT_TRUE(look({fast("a", 200), fast("b", 170)}).is_certified);
  EXPECT_EQ(look({fast("a", 200), fast("b", 170)}).stage_requests, 77u);
  EXPECT_EQ(look({fast("a", 200), fast("b", 170), broken}).guardrail, Guardrail::fail);
  EXPECT_FALSE(look({fast("a", 200), fast("b", 170), broken}).is_certified);
  EXPECT_EQ(look({broken, fast("b", 170)}).guardrail, Guardrail::pass) << "control is no arm";
  EXPECT_TRUE(look({fast("a", 200), fast("b", 199)}).is_futile);
  EXPECT_FALSE(look({fast("a", 200), fast("b", 199)}, hours(1)).is_futile);
}

}  // namespace
}  // namespace tallygate::router
