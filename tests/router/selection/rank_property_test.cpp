// What must hold for any candidates: each test draws some hundred pools, by a seed that it prints.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "router/selection/rank.h"

namespace tallygate::router {
namespace {

using Dice = std::mt19937_64;

std::uint64_t random_count(Dice& dice) { return dice() >> (44 + dice() % 20); }
double random_share(Dice& dice) { return static_cast<double>(dice() >> 11) * 0x1p-53; }

Ratings random_ratings(Dice& dice) {
  const std::uint64_t count = random_count(dice);
  return {count, static_cast<double>(count) * random_share(dice)};
}

std::optional<double> random_prior(Dice& dice) {
  if (dice() % 2 == 0) return std::nullopt;
  return random_share(dice);
}

RankCandidate random_candidate(Dice& dice) {
  RankCandidate candidate;
  Measured& evidence = candidate.evidence;
  Totals& totals = evidence.totals;
  const auto share_of = [&](std::uint64_t most) {
    return static_cast<std::uint64_t>(static_cast<double>(most) * random_share(dice));
  };
  totals.successes = random_count(dice);
  totals.failures = random_count(dice);
  totals.failovers = random_count(dice);
  totals.output_tokens = totals.successes * (dice() % 1000);
  totals.cost_nano_usd = static_cast<std::int64_t>(totals.successes * (dice() % 100'000));
  totals.latency_us_sum = share_of(totals.successes * 10'000'000);
  totals.first_tokens = dice() % (totals.successes + 1);
  totals.first_token_us_sum = share_of(totals.first_tokens * 1'000'000);
  evidence.accuracy = random_ratings(dice);
  evidence.creativity = random_ratings(dice);
  evidence.feedback = random_ratings(dice);
  candidate.priors = {random_prior(dice), random_prior(dice), random_prior(dice),
                      random_prior(dice)};
  return candidate;
}

std::vector<RankCandidate> random_pool(Dice& dice) {
  std::vector<RankCandidate> pool;
  for (std::uint64_t count = 2 + dice() % 6; count > 0; --count) {
    pool.push_back(random_candidate(dice));
  }
  return pool;
}

/// Where candidate `index` stands, 0 = best.
std::ptrdiff_t rank_of(const std::vector<RankCandidate>& pool, std::size_t index,
                       RankMetric metric) {
  const auto order = ranking(assess(pool), metric);
  return std::find(order.begin(), order.end(), index) - order.begin();
}

template <class Check>
void check_pools(Check check) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Dice dice(seed);
  for (int i = 0; i < 300; ++i) {
    const auto pool = random_pool(dice);
    check(pool, dice() % pool.size(), static_cast<RankMetric>(dice() % kRankMetricCount), dice);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(RankProperty, NeverRanksHigherForMoreFailures) {
  check_pools([](const auto& pool, std::size_t index, RankMetric metric, Dice& dice) {
    auto worse = pool;
    Totals& totals = worse[index].evidence.totals;
    (dice() % 2 == 0 ? totals.failures : totals.failovers) += 1 + random_count(dice);
    EXPECT_LT(assess(worse)[index].score(metric), assess(pool)[index].score(metric));
    EXPECT_GE(rank_of(worse, index, metric), rank_of(pool, index, metric));
  });
}

TEST(RankProperty, NeverRanksHigherForMoreTimeOrMoney) {
  check_pools([](const auto& pool, std::size_t index, RankMetric, Dice& dice) {
    auto worse = pool;
    Totals& totals = worse[index].evidence.totals;
    if (totals.successes == 0) return;
    totals.latency_us_sum += random_count(dice);
    totals.cost_nano_usd += static_cast<std::int64_t>(random_count(dice));
    const auto before = assess(pool)[index];
    const auto after = assess(worse)[index];
    EXPECT_LE(after.speed.score, before.speed.score + 1e-12);
    if (before.cost.measured && pool[index].evidence.totals.cost_nano_usd > 0) {
      EXPECT_LE(after.cost.score, before.cost.score + 1e-12);
    }
  });
}

TEST(RankProperty, NeverRanksLowerForABetterPrior) {
  check_pools([](const auto& pool, std::size_t index, RankMetric metric, Dice&) {
    auto better = pool;
    Priors& priors = better[index].priors;
    priors = {1, 1, 1, 1};
    EXPECT_LE(rank_of(better, index, metric), rank_of(pool, index, metric));
  });
}

TEST(RankProperty, ComesCloserToWhatIsMeasuredWithMoreEvidence) {
  check_pools([](const auto&, std::size_t, RankMetric, Dice& dice) {
    const double share = random_share(dice);
    double gap = 2;
    for (std::uint64_t count = 100; count < 1'000'000'000; count *= 10) {
      RankCandidate candidate;
      candidate.priors.accuracy = share;
      candidate.evidence.accuracy = {count, static_cast<double>(count) * share};
      const double next = share - assess({{candidate}})[0].accuracy.score;
      EXPECT_LT(next, gap);
      gap = next;
    }
    EXPECT_GT(gap, -1e-9);
    EXPECT_LT(gap, 1e-3);
  });
}

TEST(RankProperty, ScoresLieBetweenNoneAndAll) {
  check_pools([](const auto& pool, std::size_t index, RankMetric metric, Dice&) {
    const double score = assess(pool)[index].score(metric);
    EXPECT_GE(score, 0);
    EXPECT_LE(score, 1);
  });
}

TEST(RankProperty, DoesNotDependOnTheOrderOfTheCandidates) {
  check_pools([](const auto& pool, std::size_t index, RankMetric metric, Dice&) {
    auto turned = pool;
    std::rotate(turned.begin(), turned.begin() + 1, turned.end());
    const std::size_t there = (index + pool.size() - 1) % pool.size();
    EXPECT_NEAR(assess(turned)[there].score(metric), assess(pool)[index].score(metric), 1e-12);
  });
}

}  // namespace
}  // namespace tallygate::router
