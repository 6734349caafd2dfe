#include "router/statistics/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "evidence_kit.h"
#include "router/statistics/sentence.h"

namespace tallygate::router {
namespace {

using test::arm_of;
using test::metric_of;
using test::with;

Comparison latency(double control, double treatment, double spread,
                   const Threshold& threshold = {}) {
  return compare(kLatency, with(arm_of("a", 10'000), kLatency, control, spread),
                 with(arm_of("b", 10'000), kLatency, treatment, spread), threshold);
}

TEST(Compare, JudgesByTheBoundsAndTheDirectionOfBetter) {
  const auto check = [](double treatment, double spread, Threshold threshold, Verdict expected) {
    EXPECT_EQ(latency(200, treatment, spread, threshold).verdict, expected)
        << treatment << " +- " << spread;
  };
  check(170, 10, {}, Verdict::win);
  check(170, 10, {.05, {}}, Verdict::win);
  check(170, 10, {.15, {}}, Verdict::undecided);
  check(170, 10, {.20, {}}, Verdict::futile);
  check(170, 10, {{}, 20}, Verdict::win);
  check(170, 10, {{}, 40}, Verdict::futile);
  check(170, 10, {.05, 40}, Verdict::futile);
  check(170, 200, {.05, {}}, Verdict::undecided);
  check(230, 10, {}, Verdict::lose);
  check(230, 10, {.05, {}}, Verdict::lose);
  check(202, 5, {-.05, {}}, Verdict::win);  // no more than 5 % worse
  check(230, 5, {-.05, {}}, Verdict::lose);
}

TEST(Compare, TakesMoreAsBetterForCustomMetrics) {
  const auto score = [](double treatment) {
    return compare("rating", with(arm_of("a", 10'000), "rating", 4, .1),
                   with(arm_of("b", 10'000), "rating", treatment, .1), {});
  };
  EXPECT_EQ(score(4.5).verdict, Verdict::win);
  EXPECT_EQ(score(3.5).verdict, Verdict::lose);
  EXPECT_GT(score(4.5).relative->lower, 0);
}

TEST(Compare, ReportsSignsAsMeasured) {
  const Comparison faster = latency(200, 170, 10);
  EXPECT_DOUBLE_EQ(faster.control_mean, 200);
  EXPECT_DOUBLE_EQ(faster.mean, 170);
  EXPECT_NEAR(faster.absolute->value, -30, 1e-9);
  EXPECT_NEAR(faster.relative->value, -.15, 1e-12);
  EXPECT_LT(faster.absolute->upper, 0);
  EXPECT_GT(improvement_of(faster)->lower, 0);
  // se of the mean with 64 groups that differ by +-10: 10 * sqrt(64 / 63) / 8.
  const double error = std::sqrt(2.) * 10 * std::sqrt(64. / 63) / 8;
  const double width = mixture_half_width(error, mixture_k(5000), .05);
  EXPECT_NEAR(faster.absolute->upper - faster.absolute->lower, 2 * width, 1e-9);
}

TEST(Compare, SaysNothingWithFewGroupsOrNoSpread) {
  EXPECT_FALSE(latency(200, 170, 0).absolute) << "equal groups prove nothing";
  ArmEvidence few = with(arm_of("b", 10'000), kLatency, 170, 10);
  few.epochs[0].metrics.find(kLatency)->second.groups.resize(kMinGroups - 1);
  const ArmEvidence control = with(arm_of("a", 10'000), kLatency, 200, 10);
  EXPECT_FALSE(compare(kLatency, control, few, {}).absolute);
  EXPECT_FALSE(compare("rating", control, few, {}).absolute);
  EXPECT_FALSE(compare(kLatency, {}, {}, {}).absolute);
  EXPECT_EQ(compare(kLatency, {}, {}, {}).verdict, Verdict::undecided);
  EXPECT_FALSE(compare(kLatency, {}, {}, {}).samples_expected);
}

TEST(Compare, IsNotFooledByNoErrorsYet) {
  const Comparison none = compare(kErrorRate, arm_of("a", 300, 0), arm_of("b", 300, 0), {});
  ASSERT_TRUE(none.absolute);
  EXPECT_FALSE(none.relative) << "control may be zero";
  EXPECT_LT(none.absolute->lower, -.003);
  EXPECT_GT(none.absolute->upper, .003);
  EXPECT_EQ(none.verdict, Verdict::undecided);
  EXPECT_EQ(compare(kErrorRate, arm_of("a", 300, 0), arm_of("b", 300, 2), {}).verdict,
            Verdict::undecided);
  EXPECT_EQ(compare(kErrorRate, arm_of("a", 300, 0), arm_of("b", 300, 60), {}).verdict,
            Verdict::lose);
}

TEST(Compare, IsNeverSurerOfTheLiftThanOfTheDifference) {
  for (std::uint64_t errors = 60; errors <= 200; ++errors) {
    const auto result = compare(kErrorRate, arm_of("a", 5000, 100), arm_of("b", 5000, errors), {});
    if (!result.relative) continue;
    EXPECT_GE(result.relative->lower <= 0, result.absolute->lower <= 0) << errors;
    EXPECT_GE(result.relative->upper >= 0, result.absolute->upper >= 0) << errors;
  }
}

TEST(Compare, DoesNotPoolEpochsAcrossASplitChange) {
  // Slow days had 90 % of a, fast days 90 % of b; b is 10 ms slower on both.
  ArmEvidence a = with(arm_of("a", 9000), kLatency, 300, 1);
  ArmEvidence b = with(arm_of("b", 1000), kLatency, 310, 1);
  a.epochs.push_back(with(arm_of("a", 1000), kLatency, 100, 1).epochs[0]);
  b.epochs.push_back(with(arm_of("b", 9000), kLatency, 110, 1).epochs[0]);
  const Comparison comparison = compare(kLatency, a, b, {});
  EXPECT_NEAR(comparison.absolute->value, 10, 1e-9);
  EXPECT_EQ(comparison.verdict, Verdict::lose);
}

TEST(Compare, LeavesOutEpochsInWhichAnArmHasNoData) {
  ArmEvidence a = with(arm_of("a", 1000), kLatency, 300, 1);
  ArmEvidence b = with(arm_of("b", 1000), kLatency, 310, 1);
  a.epochs.push_back(with(arm_of("a", 9000), kLatency, 100, 1).epochs[0]);
  EXPECT_NEAR(compare(kLatency, a, b, {}).absolute->value, 10, 1e-9);
  b.epochs.emplace_back();
  EXPECT_NEAR(compare(kLatency, a, b, {}).absolute->value, 10, 1e-9);
}

TEST(Compare, ExpectsSamplesOnlyWhereTheyCanBeKnown) {
  EXPECT_EQ(latency(200, 170, 10).samples_expected, 0u);
  EXPECT_FALSE(latency(200, 199, 100).samples_expected) << "either side of the line";
  const auto more = latency(200, 170, 100).samples_expected;
  ASSERT_TRUE(more);
  // 4.8: 2.40 * 2 * 7.849 * s² / 30², s² = 10,000 * se², se = 100 * sqrt(64 / 63) / 8; less 10,000.
  EXPECT_NEAR(static_cast<double>(*more), 56'458, 600);
  const auto rates = compare(kErrorRate, arm_of("a", 10'000, 200), arm_of("b", 10'000, 160), {});
  EXPECT_EQ(rates.verdict, Verdict::undecided);
  ASSERT_TRUE(rates.samples_expected);
  EXPECT_NEAR(static_cast<double>(*rates.samples_expected), 2.4 * 17'342 - 10'000, 2000);
}

TEST(Compare, ReportsTheDesignEffect) {
  EXPECT_FALSE(latency(200, 170, 10).design_effect);
  const double rate = .02;
  ArmEvidence a = arm_of("a", 64'000, 1280);
  a.epochs[0].metrics[std::string(kErrorRate)] = metric_of(rate, .01, 64'000);
  const auto comparison = compare(kErrorRate, a, a, {});
  // Groups of 1000 differ by .01; single requests would by sqrt(.02 * .98 / 1000).
  EXPECT_NEAR(*comparison.design_effect, 1e-4 * 64 / 63 / (rate * (1 - rate) / 1000), 1e-6);
}

TEST(Compare, IsNeverNanAtTheExtremes) {
  for (const double mean : {0., 1e-300, 1., 1e12}) {
    for (const double spread : {0., 1e-300, 1., 1e12}) {
      for (const std::uint64_t count : {64ULL, 1'000'000'000'000ULL}) {
        const auto a = with(arm_of("a", count, count), "x", mean, spread);
        const auto b = with(arm_of("b", count, 0), "x", 1, 1);
        for (const std::string_view metric : {std::string_view("x"), kErrorRate}) {
          const Comparison result = compare(metric, a, b, {.05, .1});
          const auto check = [&](const std::optional<Estimate>& estimate) {
            if (!estimate) return;
            EXPECT_TRUE(std::isfinite(estimate->value)) << mean << ' ' << spread;
            EXPECT_FALSE(std::isnan(estimate->lower) || std::isnan(estimate->upper));
          };
          check(result.absolute);
          check(result.relative);
        }
      }
    }
  }
}

}  // namespace
}  // namespace tallygate::router
