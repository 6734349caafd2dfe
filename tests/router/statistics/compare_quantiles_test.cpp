#include "router/statistics/compare_quantiles.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "router/statistics/quantile.h"

namespace tallygate::router {
namespace {

using Dice = std::mt19937_64;

void add_lognormal(Sketch& sketch, Dice& dice, int count, double median_millis) {
  std::lognormal_distribution<double> latency(std::log(median_millis * 1000), .6);
  for (int i = 0; i < count; ++i) sketch.insert_micros(static_cast<std::uint64_t>(latency(dice)));
}

ArmEvidence arm_of(const std::string& name, Dice& dice, int count, double median_millis) {
  ArmEvidence arm{name, {EpochEvidence{}}};
  add_lognormal(arm.epochs[0].latency, dice, count, median_millis);
  return arm;
}

/// Groups of which each has one mean of its own: 64 independent outcomes in all.
MetricEvidence clustered(double count) {
  MetricEvidence metric;
  double squares = 0;
  for (int i = 0; i < 64; ++i) {
    const double value = i % 2 == 0 ? 100 : 300;
    metric.groups.push_back({count / 64, count / 64 * value});
    squares += count / 64 * value * value;
  }
  metric.square_sum = squares;
  return metric;
}

TEST(CompareQuantiles, TellsAFasterArmWithItsRange) {
  Dice dice(1);
  const auto found =
      compare_quantile(kLatency, .95, arm_of("a", dice, 8000, 300), arm_of("b", dice, 8000, 210));
  EXPECT_EQ(found.verdict, Verdict::win);
  EXPECT_LT(found.p, 1e-6);
  ASSERT_TRUE(found.relative && found.absolute);
  EXPECT_NEAR(found.relative->value, -.3, .06);
  EXPECT_LT(found.relative->lower, -.3);
  EXPECT_GT(found.relative->upper, -.3);
  EXPECT_LT(found.relative->upper, 0);
  EXPECT_LT(found.absolute->upper, 0);
  EXPECT_NEAR(found.absolute->value, found.value - found.control_value, 1e-9);
  EXPECT_EQ(found.sentence.find("At the 95th percentile b answers "), 0U) << found.sentence;
  EXPECT_NE(found.sentence.find("faster than a (between"), std::string::npos) << found.sentence;
}

TEST(CompareQuantiles, TellsASlowerArm) {
  Dice dice(2);
  const auto found =
      compare_quantile(kLatency, .5, arm_of("a", dice, 4000, 300), arm_of("b", dice, 4000, 360));
  EXPECT_EQ(found.verdict, Verdict::lose);
  EXPECT_EQ(found.sentence.find("In the median b answers "), 0U) << found.sentence;
  EXPECT_NE(found.sentence.find("slower"), std::string::npos) << found.sentence;
}

TEST(CompareQuantiles, LeavesEqualArmsOpenAndBoundsThem) {
  Dice dice(3);
  const auto found =
      compare_quantile(kLatency, .5, arm_of("a", dice, 8000, 300), arm_of("b", dice, 8000, 300));
  EXPECT_EQ(found.verdict, Verdict::undecided);
  EXPECT_EQ(found.p, 1);
  ASSERT_TRUE(found.relative);
  EXPECT_LT(found.relative->lower, 0);
  EXPECT_GT(found.relative->lower, -.12);
  EXPECT_GT(found.relative->upper, 0);
  EXPECT_LT(found.relative->upper, .12);
}

TEST(CompareQuantiles, AnswersForFewNoneAndInstantRequests) {
  Dice dice(4);
  const auto few =
      compare_quantile(kLatency, .95, arm_of("a", dice, 20, 300), arm_of("b", dice, 20, 300));
  EXPECT_EQ(few.verdict, Verdict::undecided);
  EXPECT_FALSE(few.relative);
  EXPECT_NE(few.sentence.find("too few"), std::string::npos) << few.sentence;
  const auto none = compare_quantile(kLatency, .95, {"a", {{}}}, {"b", {{}}});
  EXPECT_EQ(none.p, 1);
  EXPECT_FALSE(none.absolute);
  ArmEvidence instant{"b", {EpochEvidence{}}};
  for (int i = 0; i < 5000; ++i) instant.epochs[0].latency.insert_micros(0);
  const auto to_nothing = compare_quantile(kLatency, .5, arm_of("a", dice, 5000, 300), instant);
  EXPECT_EQ(to_nothing.verdict, Verdict::win);
  EXPECT_FALSE(to_nothing.relative);
  EXPECT_EQ(compare_quantile(kLatency, .5, instant, instant).p, 1);
}

TEST(CompareQuantiles, IsNotFooledByAChangeOfTheSplit) {
  // Both arms are equal in each epoch; the second is slow, and has most of the treatment.
  Dice dice(5);
  ArmEvidence a = arm_of("a", dice, 9000, 200);
  ArmEvidence b = arm_of("b", dice, 1000, 200);
  a.epochs.emplace_back();
  b.epochs.emplace_back();
  add_lognormal(a.epochs[1].latency, dice, 1000, 400);
  add_lognormal(b.epochs[1].latency, dice, 9000, 400);
  EXPECT_EQ(compare_quantile(kLatency, .5, a, b).verdict, Verdict::undecided);
}

TEST(CompareQuantiles, AddsUpWhatEpochsProve) {
  Dice dice(6);
  ArmEvidence a{"a", {}};
  ArmEvidence b{"b", {}};
  std::vector<double> ps;
  for (int e = 0; e < 3; ++e) {
    a.epochs.push_back(arm_of("a", dice, 1500, 200 + 100 * e).epochs[0]);
    b.epochs.push_back(arm_of("b", dice, 1500, 1.1 * (200 + 100 * e)).epochs[0]);
    ps.push_back(compare_quantile(kLatency, .5, a, b).p);
  }
  EXPECT_LT(ps[2], ps[0]);
  const auto found = compare_quantile(kLatency, .5, a, b);
  ASSERT_TRUE(found.relative);
  EXPECT_LT(found.relative->lower, .1);
  EXPECT_GT(found.relative->upper, .1);
}

TEST(CompareQuantiles, TrustsRequestsOfFewUsersLess) {
  Dice dice(7);
  ArmEvidence a = arm_of("a", dice, 6400, 300);
  ArmEvidence b = arm_of("b", dice, 6400, 330);
  const auto plain = compare_quantile(kLatency, .5, a, b);
  for (ArmEvidence* arm : {&a, &b}) {
    arm->epochs[0].metrics.emplace(kLatency, clustered(6400));
  }
  EXPECT_GT(design_effect(a.epochs[0].metrics.at(std::string(kLatency))).value_or(0), 50);
  const auto robust = compare_quantile(kLatency, .5, a, b);
  EXPECT_EQ(plain.verdict, Verdict::lose);
  EXPECT_EQ(robust.verdict, Verdict::undecided);
  EXPECT_EQ(robust.p, 1);
}

TEST(CompareQuantiles, CoversWhatWasMeasuredForEveryArm) {
  Dice dice(8);
  Evidence evidence;
  for (const char* name : {"a", "b", "c"}) evidence.arms.push_back(arm_of(name, dice, 500, 300));
  EXPECT_EQ(compare_quantiles(evidence).size(), 4U) << "no stream got a first token";
  for (auto& arm : evidence.arms) add_lognormal(arm.epochs[0].first_token, dice, 500, 50);
  EXPECT_EQ(compare_quantiles(evidence).size(), 8U);
  evidence.arms.resize(1);
  EXPECT_TRUE(compare_quantiles(evidence).empty());
}

/// Seeded. Users have a pace of their own, so the requests of one resemble each other; the arms are
/// equal and looked at 20 times. Promised: wrong in at most 5 % of runs, at any look.
TEST(CompareQuantiles, SeldomSettlesAnythingBetweenEqualArmsHoweverOftenItLooks) {
  constexpr int kRuns = 30;
  int wrong = 0;
  for (int run = 0; run < kRuns; ++run) {
    Dice dice(static_cast<std::uint64_t>(run) + 1);
    ArmEvidence arms[2] = {{"a", {EpochEvidence{}}}, {"b", {EpochEvidence{}}}};
    std::vector<double> paces[2];
    std::normal_distribution<double> habit(0, .4);
    for (auto& pace : paces) {
      for (int user = 0; user < 640; ++user) pace.push_back(habit(dice));
    }
    bool is_wrong = false;
    for (int look = 0; look < 20; ++look) {
      for (int arm = 0; arm < 2; ++arm) {
        EpochEvidence& epoch = arms[arm].epochs[0];
        MetricEvidence& metric = epoch.metrics[std::string(kLatency)];
        metric.groups.resize(64);
        if (!metric.square_sum) metric.square_sum = 0;
        for (int i = 0; i < 200; ++i) {
          const std::size_t user = dice() % 640;
          std::normal_distribution<double> noise(std::log(300.) + paces[arm][user], .4);
          const double millis = std::exp(noise(dice));
          epoch.latency.insert_micros(static_cast<std::uint64_t>(millis * 1000));
          metric.groups[user % 64].count += 1;
          metric.groups[user % 64].sum += millis;
          *metric.square_sum += millis * millis;
        }
      }
      const auto found = compare_quantile(kLatency, .5, arms[0], arms[1]);
      is_wrong = is_wrong || found.verdict != Verdict::undecided;
    }
    wrong += is_wrong ? 1 : 0;
  }
  EXPECT_LE(wrong, 2) << "of " << kRuns << " runs";
}

}  // namespace
}  // namespace tallygate::router
