#include "gateway/registry/experiments/ab_test_evidence.h"

#include <algorithm>

namespace tallygate::registry {
namespace {

using router::EpochEvidence;
using router::MetricEvidence;
using router::Tally;
using router::UserBucket;

double count(std::uint64_t number) { return static_cast<double>(number); }

template <class Group>
MetricEvidence by_users(const Tally& tally, Group group) {
  MetricEvidence evidence;
  for (const UserBucket& users : tally.users) evidence.groups.push_back(group(users));
  return evidence;
}

/// Squares of every request that the groups hold, or none: of a part they would prove nothing.
std::optional<double> squares(const Tally& tally, router::Uint128 sum, double unit) {
  std::uint64_t requests = 0;
  for (const UserBucket& users : tally.users) requests += users.requests;
  if (tally.squared != requests) return std::nullopt;
  return static_cast<double>(sum) / (unit * unit);
}

void add_metrics(EpochEvidence& epoch, const Tally& tally) {
  using Sub = router::SubBucket;
  auto& metrics = epoch.metrics;
  metrics.emplace(router::kErrorRate, by_users(tally, [](const UserBucket& users) {
                    return Sub{count(users.requests), count(users.errors)};
                  }));
  metrics.emplace(router::kExceeded, by_users(tally, [](const UserBucket& users) {
                    return Sub{count(users.requests), count(users.exceeded)};
                  }));
  MetricEvidence first_token = by_users(tally, [](const UserBucket& users) {
    return Sub{count(users.first_tokens), count(users.first_token_us_sum) / 1e3};
  });
  first_token.square_sum = squares(tally, tally.first_token_us_square_sum, 1e3);
  metrics.emplace(router::kFirstToken, std::move(first_token));
  MetricEvidence cost = by_users(tally, [](const UserBucket& users) {
    return Sub{count(users.requests), static_cast<double>(users.cost_nano_usd) / 1e9};
  });
  cost.square_sum = squares(tally, tally.cost_nano_usd_square_sum, 1e9);
  metrics.emplace(router::kCost, std::move(cost));
  MetricEvidence tokens = by_users(tally, [](const UserBucket& users) {
    return Sub{count(users.requests), count(users.output_tokens)};
  });
  tokens.square_sum = squares(tally, tally.output_tokens_square_sum, 1);
  metrics.emplace(router::kTokens, std::move(tokens));
  MetricEvidence latency = by_users(tally, [](const UserBucket& users) {
    return Sub{count(users.successes), count(users.latency_us_sum) / 1e3};
  });
  latency.square_sum = static_cast<double>(tally.latency_us_square_sum) / 1e6;
  metrics.emplace(router::kLatency, std::move(latency));
}

void add_tally(EpochEvidence& epoch, const Tally& tally) {
  epoch.completed = tally.requests();
  epoch.started = std::max(tally.started, epoch.completed);
  epoch.errors = tally.failures();
  epoch.exceeded = tally.exceeded;
  epoch.client_aborts = tally.client_aborts();
  epoch.early_aborts = tally.early_aborts;
  epoch.latency = tally.latency;
  epoch.first_token = tally.first_token;
  add_metrics(epoch, tally);
}

Tally tally_where(const AbTestCounts& counts, std::uint8_t arm,
                  std::optional<std::uint32_t> epoch) {
  Tally sum;
  for (const auto& [key, tally] : counts.tallies.entries) {
    const bool fits = key.kind == router::TallyKey::Kind::variant && key.variant == arm &&
                      (!epoch || key.epoch == *epoch);
    if (fits) sum.merge(tally);
  }
  return sum;
}

EpochEvidence epoch_of(const AbTestCounts& counts, const Epoch& epoch, std::uint8_t arm) {
  EpochEvidence evidence;
  evidence.planned_share = arm < epoch.weights.size() ? epoch.weights[arm] : 0;
  add_tally(evidence, tally_where(counts, arm, epoch.number));
  for (const store::UnitCounts::Arm& units : counts.units.arms) {
    if (units.epoch == epoch.number && units.variant == arm) evidence.users += units.units;
  }
  for (const CustomMetric& metric : counts.custom) {
    for (const CustomMetric::Sums& sums : metric.sums) {
      if (sums.epoch != epoch.number || sums.arm != arm) continue;
      evidence.metrics.insert_or_assign(metric.name, sums.evidence);
    }
  }
  return evidence;
}

}  // namespace

Tally arm_tally(const AbTestCounts& counts, std::uint8_t arm) {
  return tally_where(counts, arm, std::nullopt);
}

router::Evidence evidence_of(const AbTest& test, const AbTestCounts& counts, WallTime now) {
  router::Evidence evidence;
  for (std::size_t i = 0; i < test.arms.size(); ++i) {
    evidence.arms.push_back({test.arms[i].name, {}});
    for (const Epoch& epoch : test.epochs) {
      evidence.arms.back().epochs.push_back(epoch_of(counts, epoch, static_cast<std::uint8_t>(i)));
    }
  }
  if (test.started) {
    const auto span = test.ended.value_or(now) - *test.started;
    evidence.elapsed =
        std::max(std::chrono::duration_cast<std::chrono::seconds>(span), std::chrono::seconds{0});
  }
  return evidence;
}

router::Look look_at(const AbTest& test, const AbTestCounts& counts, WallTime now, double& srm_p) {
  router::Evidence evidence = evidence_of(test, counts, now);
  evidence.srm_p_before = srm_p;
  std::uint64_t fewest = UINT64_MAX;
  for (const router::ArmEvidence& arm : evidence.arms) {
    // An arm that was split to nothing holds nobody up.
    if (arm.epochs.empty() || arm.epochs.back().planned_share <= 0) continue;
    fewest = std::min(fewest, arm.epochs.back().started);
  }
  const router::Analysis analysis = router::analyse(test.criteria, evidence);
  srm_p = analysis.srm_p;
  return router::look_of(analysis, fewest == UINT64_MAX ? 0 : fewest);
}

}  // namespace tallygate::registry
