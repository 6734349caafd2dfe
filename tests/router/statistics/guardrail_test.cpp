#include "router/statistics/guardrail.h"

#include <gtest/gtest.h>

#include "evidence_kit.h"
#include "router/statistics/srm.h"

namespace tallygate::router {
namespace {

using test::arm_of;
using test::metric_of;

Criteria limited(double max_error_rate) {
  Criteria criteria;
  criteria.max_error_rate = max_error_rate;
  return criteria;
}

ArmGuardrail judge_b(const Criteria& criteria, ArmEvidence a, ArmEvidence b, double srm_p = 1,
                     std::chrono::seconds elapsed = std::chrono::hours(48)) {
  return judge_guardrails(criteria, {{std::move(a), std::move(b)}, elapsed}, srm_p).at(1);
}

TEST(LimitCheck, BreaksAtTheEvidenceOrAtTheHardCap) {
  const auto check = [](double errors, double requests, bool cap, bool expected) {
    EXPECT_EQ(check_limit("max_error_rate", {errors, requests}, .01, cap).is_broken, expected)
        << errors << " of " << requests;
  };
  check(10, 1000, true, false);
  check(21, 1000, true, false);
  check(23, 1000, true, true);
  check(3, 50, true, true);    // 6 %, the cap is 5 %
  check(3, 50, false, false);  // evidence alone is not enough yet
  check(3, 49, true, false);
  check(0, 0, true, false);
}

TEST(LimitCheck, CertifiesOnlyWhatIsCertain) {
  EXPECT_FALSE(check_limit("max_error_rate", {0, 0}, .01, true).is_certified);
  EXPECT_FALSE(check_limit("max_error_rate", {3, 1000}, .01, true).is_certified);
  EXPECT_TRUE(check_limit("max_error_rate", {3, 1443}, .01, true).is_certified);
}

TEST(LimitChecks, LeaveOutAnswersWhoseSlownessNobodyKnows) {
  Criteria criteria;
  criteria.max_latency_ms = std::chrono::milliseconds(2000);
  ArmEvidence arm = arm_of("b", 1000);
  arm.epochs[0].exceeded = 40;
  arm.epochs[0].early_aborts = 200;
  const auto checks = check_limits(criteria, arm);
  ASSERT_EQ(checks.size(), 1u);
  EXPECT_EQ(checks[0].limit, "max_latency_ms");
  EXPECT_EQ(checks[0].count.trials, 800);
  EXPECT_NEAR(checks[0].max_rate, .05, 1e-12);
  EXPECT_FALSE(checks[0].is_broken);
  arm.epochs[0].exceeded = 80;
  EXPECT_TRUE(check_limits(criteria, arm)[0].is_broken);
  arm.epochs[0].exceeded = arm.epochs[0].early_aborts = 5000;  // counters that ran ahead
  EXPECT_EQ(check_limits(criteria, arm)[0].count.events, 0);
}

TEST(Guardrail, FailsTheArmThatBreaksALimit) {
  const ArmGuardrail b = judge_b(limited(.01), arm_of("a", 1000, 8), arm_of("b", 1000, 31));
  EXPECT_EQ(b.verdict, Guardrail::fail);
  EXPECT_EQ(b.reason,
            "b breaks max_error_rate: 31 of 1,000 requests failed (3.1 %; 1 % are allowed)");
}

TEST(Guardrail, FailsWithoutWaitingForAnything) {
  Criteria criteria = limited(.01);
  criteria.min_requests = 1'000'000;
  criteria.min_duration = std::chrono::hours(240);
  const ArmGuardrail b =
      judge_b(criteria, arm_of("a", 100), arm_of("b", 100, 20), 1e-9, std::chrono::seconds(1));
  EXPECT_EQ(b.verdict, Guardrail::fail);
}

TEST(Guardrail, HoldsWhenControlFailsToo) {
  const auto failing = [](double rate_a, double rate_b) {
    ArmEvidence a = arm_of("a", 10'000, static_cast<std::uint64_t>(rate_a * 10'000));
    ArmEvidence b = arm_of("b", 10'000, static_cast<std::uint64_t>(rate_b * 10'000));
    return judge_b(limited(.01), a, b);
  };
  EXPECT_EQ(failing(.05, .052).verdict, Guardrail::hold);
  EXPECT_EQ(failing(.05, .052).reason,
            "b and a break max_error_rate together, so the cause lies elsewhere: 520 of 10,000 "
            "requests failed (5.2 %; 1 % are allowed)");
  EXPECT_EQ(failing(.05, .10).verdict, Guardrail::fail) << "certainly worse than control";
}

TEST(Guardrail, HoldsWhatCannotBeTrusted) {
  const ArmEvidence a = arm_of("a", 10'000, 50);
  const ArmEvidence b = arm_of("b", 10'000, 50);
  EXPECT_EQ(judge_b(limited(.01), a, b).verdict, Guardrail::pass);
  EXPECT_EQ(judge_b(limited(.01), a, b, kSrmThreshold / 2).verdict, Guardrail::hold);

  ArmEvidence idle = b;
  idle.epochs[0] = {};
  EXPECT_EQ(judge_b(limited(.01), a, idle).reason, "b gets no requests");
  EXPECT_EQ(judge_b(limited(.01), idle, b).verdict, Guardrail::hold);

  ArmEvidence lost = b;
  lost.epochs[0].started = 10'600;
  EXPECT_EQ(judge_b(limited(.01), a, lost).verdict, Guardrail::hold);

  ArmEvidence cancelled = b;
  cancelled.epochs[0].client_aborts = 300;
  EXPECT_EQ(judge_b(limited(.01), a, cancelled).verdict, Guardrail::hold);
  ArmEvidence also = a;
  also.epochs[0].client_aborts = 290;
  EXPECT_EQ(judge_b(limited(.01), also, cancelled).verdict, Guardrail::pass);
}

TEST(Guardrail, WaitsBeforeItPasses) {
  Criteria criteria = limited(.01);
  criteria.min_requests = 500;
  criteria.min_duration = std::chrono::hours(1);
  EXPECT_EQ(judge_b(criteria, arm_of("a", 499), arm_of("b", 600)).reason,
            "a has 499 of the 500 requests that are wanted");
  EXPECT_EQ(judge_b(criteria, arm_of("a", 600), arm_of("b", 499)).verdict, Guardrail::inconclusive);
  EXPECT_EQ(
      judge_b(criteria, arm_of("a", 600), arm_of("b", 600), 1, std::chrono::seconds(3599)).verdict,
      Guardrail::inconclusive);
  EXPECT_EQ(judge_b(criteria, arm_of("a", 600), arm_of("b", 600)).verdict, Guardrail::pass);
}

TEST(Guardrail, JudgesNobodyWithoutArms) {
  EXPECT_TRUE(judge_guardrails(limited(.01), {}, 1).empty());
}

}  // namespace
}  // namespace tallygate::router
