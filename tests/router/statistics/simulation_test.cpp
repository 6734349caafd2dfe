// What peeking costs, measured on simulated tests: seeds are fixed, figures are printed.
// TALLYGATE_SOAK=1 runs many more; docs/statistics.md cites those.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "router/statistics/analysis.h"
#include "router/statistics/cusum.h"
#include "router/statistics/srm.h"

namespace tallygate::router {
namespace {

constexpr int kLookEvery = 100;
constexpr int kLooks = 100;

using Dice = std::mt19937_64;

int runs(int few, int many) { return std::getenv("TALLYGATE_SOAK") != nullptr ? many : few; }

/// Three standard errors of a share of `alpha` in `count` runs: above that it is not chance.
double margin(double alpha, int count) { return 3 * std::sqrt(alpha * (1 - alpha) / count); }

/// For each look the fewest errors that the guardrail rolls back at, for a limit of 1 %.
const std::vector<int>& fewest_errors() {
  static const std::vector<int> kFewest = [] {
    std::vector<int> fewest;
    int errors = 0;
    for (int look = 1; look <= kLooks; ++look) {
      const auto breaks = [&](int s) {
        return check_limit("max_error_rate", {s * 1., look * 1. * kLookEvery}, .01, true).is_broken;
      };
      while (!breaks(errors)) ++errors;
      fewest.push_back(errors);
    }
    return fewest;
  }();
  return kFewest;
}

struct Stops {
  double share = 0;
  int median_requests = 0;  ///< of the runs that were stopped
};

Stops simulate_guardrail(double true_rate, int count, std::uint64_t seed) {
  const std::vector<int>& fewest = fewest_errors();
  Dice dice(seed);
  std::binomial_distribution<int> flush(kLookEvery, true_rate);
  std::vector<int> stops;
  for (int run = 0; run < count; ++run) {
    int errors = 0;
    for (std::size_t look = 0; look < fewest.size(); ++look) {
      errors += flush(dice);
      if (errors < fewest[look]) continue;
      stops.push_back(static_cast<int>(look + 1) * kLookEvery);
      break;
    }
  }
  std::sort(stops.begin(), stops.end());
  return {static_cast<double>(stops.size()) / count, stops.empty() ? 0 : stops[stops.size() / 2]};
}

TEST(GuardrailSimulation, RollsAHealthyVariantBackInAtMostAlphaOfRuns) {
  const int count = runs(2000, 100'000);
  std::printf("limit 1 %%, a look every %d requests to %d, %d runs\n", kLookEvery,
              kLookEvery * kLooks, count);
  std::printf("true rate | rolled back | median requests\n");
  const auto check = [&](double true_rate, double least, double most, std::uint64_t seed) {
    const Stops stops = simulate_guardrail(true_rate, count, seed);
    std::printf("%9.3f | %11.4f | %d\n", true_rate, stops.share, stops.median_requests);
    EXPECT_GE(stops.share, least - margin(least, count)) << "seed " << seed;
    EXPECT_LE(stops.share, most + margin(most, count)) << "seed " << seed;
    return stops;
  };
  check(.005, 0, kGuardrailAlpha / 10, 1);
  check(.010, 0, kGuardrailAlpha, 2);
  check(.012, .12, .16, 3);                          // the reference: .139
  const Stops half_more = check(.015, .90, .93, 4);  // .910, median 4300
  EXPECT_NEAR(half_more.median_requests, 4300, 300);
  const Stops double_rate = check(.020, .999, 1, 5);  // 1, median 1400
  EXPECT_NEAR(double_rate.median_requests, 1400, 150);
  EXPECT_NEAR(check(.030, 1, 1, 6).median_requests, 500, 100);
}

TEST(GuardrailSimulation, LooksAtEveryRequestToo) {
  const int count = runs(1000, 50'000);
  constexpr int kRequests = 3000;
  std::array<std::vector<int>, 2> fewest;  // with the hard cap and without it, per request
  int errors_needed = 0;
  for (int n = 1; n <= kRequests; ++n) {
    while (log_e_above({errors_needed * 1., n * 1.}, .01) < -std::log(kGuardrailAlpha) &&
           errors_needed <= n) {
      ++errors_needed;
    }
    const int over_cap = n < kHardCapTrials ? n + 1 : static_cast<int>(kHardCap * .01 * n) + 1;
    fewest[0].push_back(std::min(errors_needed, over_cap));
    fewest[1].push_back(errors_needed);
  }
  Dice dice(7);
  std::bernoulli_distribution fails(.01);
  std::array<int, 2> stopped{};
  for (int run = 0; run < count; ++run) {
    std::array<bool, 2> stops{};
    int errors = 0;
    for (std::size_t n = 0; n < kRequests; ++n) {
      errors += fails(dice) ? 1 : 0;
      for (std::size_t i = 0; i < stops.size(); ++i) stops[i] |= errors >= fewest[i][n];
    }
    for (std::size_t i = 0; i < stops.size(); ++i) stopped[i] += stops[i] ? 1 : 0;
  }
  const double with_cap = stopped[0] * 1. / count;
  const double evidence_only = stopped[1] * 1. / count;
  std::printf("a look at every request to %d: evidence alone %.4f, with the hard cap %.4f\n",
              kRequests, evidence_only, with_cap);
  EXPECT_LE(evidence_only, kGuardrailAlpha + margin(kGuardrailAlpha, count)) << "seed 7";
  EXPECT_LE(with_cap, .04) << "seed 7";
}

/// Users with their own habits; each asks several times. Outcomes go into one group per user.
class Crowd {
 public:
  Crowd(std::uint64_t seed, double mean, bool is_rate)
      : dice_(seed), mean_(mean), is_rate_(is_rate) {}

  void ask(EpochEvidence& epoch, std::string_view metric, int requests) {
    MetricEvidence& evidence = epoch.metrics[std::string(metric)];
    evidence.groups.resize(kSubBucketCount);
    for (int i = 0; i < requests; ++i) {
      if (habits_.empty() || dice_() % 4 == 0) {  // every fourth request is a new user's
        habits_.push_back(std::exp(habit_(dice_) - .125));
        ++epoch.users;
      }
      const std::size_t user = dice_() % habits_.size();
      SubBucket& group = evidence.groups[user * 0x9E3779B97F4A7C15 >> 58];
      group.count += 1;
      group.sum += outcome(habits_[user]);
    }
    epoch.started += static_cast<std::uint64_t>(requests);
    epoch.completed = epoch.started;
  }

 private:
  double outcome(double habit) {
    if (is_rate_) return uniform_(dice_) < mean_ * habit ? 1 : 0;
    return mean_ * habit * std::exp(noise_(dice_) - .18);
  }

  Dice dice_;
  double mean_;
  bool is_rate_;
  std::normal_distribution<double> habit_{0, .5};
  std::normal_distribution<double> noise_{0, .6};
  std::uniform_real_distribution<double> uniform_{0, 1};
  std::vector<double> habits_;
};

struct Peeked {
  double absolute_wrong = 0;  ///< share of runs in which the interval ever missed the truth
  double relative_wrong = 0;
  double won = 0;  ///< share of runs in which b ever won
};

Peeked simulate_effect(std::string_view metric, double control, double treatment, int count) {
  constexpr int kPeeks = 20;
  constexpr int kPerPeek = 200;
  Peeked peeked;
  for (int run = 0; run < count; ++run) {
    const auto seed = static_cast<std::uint64_t>(run) * 2 + 1000;
    Crowd crowd_a(seed, control, metric == kErrorRate);
    Crowd crowd_b(seed + 1, treatment, metric == kErrorRate);
    ArmEvidence a{"a", {{}}};
    ArmEvidence b{"b", {{}}};
    bool absolute_missed = false;
    bool relative_missed = false;
    bool won = false;
    for (int peek = 0; peek < kPeeks; ++peek) {
      crowd_a.ask(a.epochs[0], metric, kPerPeek);
      crowd_b.ask(b.epochs[0], metric, kPerPeek);
      const Comparison comparison = compare(metric, a, b, {});
      const auto misses = [](const std::optional<Estimate>& estimate, double truth) {
        return estimate && (estimate->lower > truth || estimate->upper < truth);
      };
      absolute_missed |= misses(comparison.absolute, treatment - control);
      relative_missed |= misses(comparison.relative, treatment / control - 1);
      won |= comparison.verdict == Verdict::win;
    }
    peeked.absolute_wrong += absolute_missed ? 1. / count : 0;
    peeked.relative_wrong += relative_missed ? 1. / count : 0;
    peeked.won += won ? 1. / count : 0;
  }
  return peeked;
}

TEST(EffectSimulation, IntervalsHoldTheTruthAtEveryLook) {
  const int count = runs(60, 5000);
  std::printf("20 looks to 4,000 requests per arm, about 4 per user, %d runs\n", count);
  std::printf("metric, truth | difference missed | lift missed | b won\n");
  const auto check = [&](std::string_view metric, double control, double treatment) {
    const Peeked peeked = simulate_effect(metric, control, treatment, count);
    std::printf("%s %g -> %g | %.4f | %.4f | %.4f\n", std::string(metric).c_str(), control,
                treatment, peeked.absolute_wrong, peeked.relative_wrong, peeked.won);
    EXPECT_LE(peeked.absolute_wrong, kAlpha + margin(kAlpha, count));
    EXPECT_LE(peeked.relative_wrong, kAlpha + margin(kAlpha, count));
    return peeked;
  };
  EXPECT_LE(check(kLatency, 300, 300).won, kAlpha / 2 + margin(kAlpha / 2, count));
  EXPECT_GE(check(kLatency, 300, 255).won, .75);
  EXPECT_LE(check(kErrorRate, .03, .03).won, kAlpha / 2 + margin(kAlpha / 2, count));
  EXPECT_LE(check(kErrorRate, .01, .01).won, kAlpha / 2 + margin(kAlpha / 2, count));
}

TEST(SrmSimulation, RaisesNoFalseAlarmAtEveryLook) {
  const int count = runs(200, 20'000);
  const auto alarms = [&](double share_of_b, std::uint64_t seed) {
    Dice dice(seed);
    std::binomial_distribution<int> users(200, share_of_b);
    int alarmed = 0;
    for (int run = 0; run < count; ++run) {
      double b = 0;
      for (int look = 1; look <= 50; ++look) {
        b += users(dice);
        const std::array<ArmUsers, 2> arms{{{look * 200. - b, .5}, {b, .5}}};
        if (srm_p(log_srm_bayes_factor(arms)) >= kSrmThreshold) continue;
        ++alarmed;
        break;
      }
    }
    return alarmed * 1. / count;
  };
  const double healthy = alarms(.5, 11);
  const double skewed = alarms(.55, 12);
  std::printf("user counts, 50 looks to 10,000 users, %d runs: 50:50 %.4f, 45:55 %.4f alarm\n",
              count, healthy, skewed);
  EXPECT_LE(healthy, kSrmThreshold + margin(kSrmThreshold, count)) << "seed 11";
  EXPECT_GE(skewed, .99) << "seed 12";
}

TEST(WarningSimulation, IsAsRareAsItsAlpha) {
  const int count = runs(200, 10'000);
  constexpr int kUpdates = 1000;
  constexpr double kWarnAt = 1e-4;
  Dice dice(21);
  std::binomial_distribution<int> flush(kLookEvery, .01);
  int alarmed = 0;
  for (int run = 0; run < count; ++run) {
    EarlyWarning warning;
    for (int update = 0; update < kUpdates; ++update) {
      warning.update(flush(dice), kLookEvery, .01);
      if (!warning.alarms(kWarnAt)) continue;
      ++alarmed;
      break;
    }
  }
  const double share = alarmed * 1. / count;
  const double most = kUpdates * kWarnAt;
  std::printf("early warning, alpha %g, %d updates of %d healthy requests, %d runs: %.4f alarm\n",
              kWarnAt, kUpdates, kLookEvery, count, share);
  EXPECT_LE(share, most + margin(most, count)) << "seed 21";
  EXPECT_GT(share, 0) << "a warning that never comes measures nothing, seed 21";
}

}  // namespace
}  // namespace tallygate::router
