#include "router/selection/rank.h"

#include <gtest/gtest.h>

#include <string>

namespace tallygate::router {
namespace {

/// Served `successes` requests in `latency_ms` each.
RankCandidate served(std::uint64_t successes, double latency_ms, std::uint64_t failures = 0) {
  RankCandidate candidate;
  Totals& totals = candidate.evidence.totals;
  totals.successes = successes;
  totals.failures = failures;
  totals.latency_us_sum =
      static_cast<std::uint64_t>(static_cast<double>(successes) * latency_ms * 1000);
  return candidate;
}

RankCandidate priced(std::uint64_t successes, std::int64_t nano_usd_each, std::uint64_t tokens) {
  RankCandidate candidate = served(successes, 100);
  candidate.evidence.totals.cost_nano_usd = nano_usd_each * static_cast<std::int64_t>(successes);
  candidate.evidence.totals.output_tokens = tokens * successes;
  return candidate;
}

RankCandidate expected(Priors priors) { return {{}, priors}; }

/// Indexes, best first: "2 0 1".
std::string order_of(const std::vector<RankCandidate>& candidates, RankMetric metric) {
  std::string text;
  for (const std::uint32_t index : ranking(assess(candidates), metric)) {
    text.append(text.empty() ? "" : " ").append(std::to_string(index));
  }
  return text;
}

TEST(WilsonLower, IsTheBoundOfTheTextbook) {
  // 5 of 10, 95 of 100 and 10 of 10 at 95 %.
  EXPECT_NEAR(wilson_lower(0.5, 10), 0.2365931, 1e-6);
  EXPECT_NEAR(wilson_lower(0.95, 100), 0.8882495, 1e-6);
  EXPECT_NEAR(wilson_lower(1, 10), 0.7224672, 1e-6);
  EXPECT_EQ(wilson_lower(0, 10), 0);
  EXPECT_EQ(wilson_lower(1, 0), 0);
}

TEST(RankMetric, HasANameEach) {
  for (std::size_t i = 0; i < kRankMetricCount; ++i) {
    const auto metric = static_cast<RankMetric>(i);
    EXPECT_EQ(parse_rank_metric(to_string(metric)), metric);
  }
  EXPECT_EQ(parse_rank_metric("continuity"), std::nullopt);
  EXPECT_EQ(parse_rank_metric(""), std::nullopt);
}

TEST(Measured, AddsUp) {
  Measured evidence = served(2, 200, 1).evidence;
  evidence.feedback = {2, 1.5};
  Measured other = served(3, 100, 4).evidence;
  other.totals.failovers = 2;
  evidence.add(other);
  evidence.add(evidence);
  EXPECT_EQ(evidence.totals.successes, 10U);
  EXPECT_EQ(evidence.failures(), 14U) << "attempts that another target made good count too";
  EXPECT_EQ(evidence.totals.latency_us_sum, 1'400'000U);
  EXPECT_EQ(evidence.feedback.count, 4U);
}

TEST(Ranking, CountsFailuresThatAFallbackMadeGood) {
  auto flaky = served(500, 300);
  flaky.evidence.totals.failovers = 100;
  EXPECT_EQ(order_of({flaky, served(500, 300)}, RankMetric::overall), "1 0");
  EXPECT_NEAR(*assess(std::vector{flaky})[0].reliability.measured, 500. / 600, 1e-12);
}

TEST(Ranking, PutsTheFasterFirst) {
  EXPECT_EQ(order_of({served(500, 900), served(500, 300), served(500, 600)}, RankMetric::speed),
            "1 2 0");
}

TEST(Ranking, CountsTheFirstTokenTowardsSpeed) {
  auto late = served(500, 300);
  auto early = late;
  late.evidence.totals.first_tokens = early.evidence.totals.first_tokens = 500;
  late.evidence.totals.first_token_us_sum = 500 * 200'000;
  early.evidence.totals.first_token_us_sum = 500 * 50'000;
  EXPECT_EQ(order_of({late, early}, RankMetric::speed), "1 0");
}

TEST(Ranking, PutsTheCheaperFirst) {
  EXPECT_EQ(
      order_of({priced(500, 900, 1), priced(500, 300, 9), priced(500, 0, 99)}, RankMetric::cost),
      "2 1 0");
}

TEST(Ranking, ComparesTokensWhereNothingHasAPrice) {
  EXPECT_EQ(order_of({priced(500, 0, 900), priced(500, 0, 300)}, RankMetric::cost), "1 0");
}

TEST(Assess, TakesUnknownUsageForNoEvidenceOfCost) {
  const auto assessments = assess(std::vector{served(500, 100), priced(500, 0, 10)});
  EXPECT_EQ(assessments[0].cost.measured, std::nullopt);
  EXPECT_NEAR(*assessments[1].cost.measured, 0.5, 1e-12);
}

TEST(Ranking, FollowsThePriorsUntilSomethingIsMeasured) {
  Priors creative;
  creative.creativity = 0.9;
  Priors accurate;
  accurate.accuracy = 0.8;
  accurate.creativity = 0.2;
  const std::vector<RankCandidate> candidates{expected({}), expected(creative), expected(accurate)};
  EXPECT_EQ(order_of(candidates, RankMetric::creativity), "1 0 2");
  EXPECT_EQ(order_of(candidates, RankMetric::accuracy), "2 0 1");
  EXPECT_EQ(order_of(candidates, RankMetric::cost), "0 1 2");
}

TEST(Ranking, LetsManySamplesOutweighAPrior) {
  Priors hopeful;
  hopeful.accuracy = 1;
  auto praised = expected(hopeful);
  praised.evidence.accuracy = {400, 400 * 0.4};
  auto proven = expected({});
  proven.evidence.accuracy = {400, 400 * 0.8};
  EXPECT_EQ(order_of({praised, proven}, RankMetric::accuracy), "1 0");
}

TEST(Ranking, LetsFewLuckySamplesWinNothing) {
  auto lucky = expected({});
  lucky.evidence.accuracy = {3, 3};
  auto proven = expected({});
  proven.evidence.accuracy = {1000, 700};
  EXPECT_EQ(order_of({lucky, proven}, RankMetric::accuracy), "1 0");
}

TEST(Ranking, PutsAFailingCandidateBehindByEveryMetric) {
  for (std::size_t i = 0; i < kRankMetricCount; ++i) {
    EXPECT_EQ(order_of({served(500, 100, 500), served(500, 100)}, static_cast<RankMetric>(i)),
              "1 0");
  }
}

TEST(Ranking, TriesTheUnknownThatPromisesMore) {
  Priors cheap;
  cheap.cost = 0.95;
  EXPECT_EQ(order_of({priced(500, 900, 1), expected(cheap)}, RankMetric::cost), "1 0");
}

TEST(Ranking, LeavesEqualOnesInTheirOrder) {
  EXPECT_EQ(order_of(std::vector(5, served(10, 10)), RankMetric::overall), "0 1 2 3 4");
  EXPECT_EQ(order_of({}, RankMetric::overall), "");
}

TEST(Assess, ShowsTheFiguresThatLedToAScore) {
  const auto assessments = assess(std::vector{served(60, 100, 20), served(10, 400)});
  const Assessment& first = assessments[0];
  EXPECT_EQ(first.reliability.samples, 80U);
  EXPECT_DOUBLE_EQ(*first.reliability.measured, 0.75);
  EXPECT_DOUBLE_EQ(first.reliability.prior, kReliabilityPrior);
  EXPECT_DOUBLE_EQ(first.reliability.score, wilson_lower(0.79, 100));
  // The geometric mean of 100 and 400 is 200.
  EXPECT_DOUBLE_EQ(*first.speed.measured, 2.0 / 3);
  EXPECT_NEAR(*assessments[1].speed.measured, 1.0 / 3, 1e-12);
  EXPECT_EQ(first.accuracy.measured, std::nullopt);
  EXPECT_DOUBLE_EQ(first.accuracy.score, wilson_lower(0.5, 20));
  EXPECT_DOUBLE_EQ(first.score(RankMetric::speed), first.reliability.score * first.speed.score);
}

}  // namespace
}  // namespace tallygate::router
