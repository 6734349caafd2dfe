#include "gateway/registry/experiments/ab_test_evidence.h"

#include <gtest/gtest.h>

#include "tests/gateway/registry/experiments/ab_test_kit.h"

namespace tallygate::registry {
namespace {

using router::Outcome;

/// 64 users of `requests` / 64 requests each, of which `errors` failed.
router::Tally tally_of(std::uint64_t requests, std::uint64_t errors) {
  router::Tally tally;
  tally.outcomes[static_cast<std::size_t>(Outcome::ok)] = requests - errors;
  tally.outcomes[static_cast<std::size_t>(Outcome::upstream_error)] = errors;
  tally.latency_us_sum = (requests - errors) * 1000;
  tally.latency_us_square_sum = (requests - errors) * 1'000'000;
  tally.exceeded = 3;
  tally.users.resize(router::kUserBuckets);
  for (std::size_t i = 0; i < tally.users.size(); ++i) {
    auto& users = tally.users[i];
    users.requests = requests / 64;
    users.errors = errors / 64 + (i < errors % 64 ? 1 : 0);
    users.successes = users.requests - users.errors;
    users.latency_us_sum = users.successes * 1000;
    users.cost_nano_usd = 2'000'000'000;
  }
  return tally;
}

struct Counted {
  AbTestRequest request = some_request();
  AbTestCounts counts;

  void add(std::uint32_t epoch, std::uint8_t arm, const router::Tally& tally) {
    router::TallyKey key;
    key.kind = router::TallyKey::Kind::variant;
    key.epoch = epoch;
    key.variant = arm;
    counts.tallies.entries.emplace_back(key, tally);
    counts.units.arms.push_back({epoch, arm, 64});
  }
};

TEST(AbTestEvidence, HoldsEveryCountOfEveryEpochAndArm) {
  Counted counted;
  counted.add(1, 0, tally_of(640, 0));
  counted.add(1, 1, tally_of(1280, 64));
  CustomMetric rating;
  add_value(rating, 1, 1, 5, 4);
  rating.name = "rating";
  counted.counts.custom.push_back(rating);
  const auto evidence = evidence_of(some_active(), counted.counts, day(4));
  ASSERT_EQ(evidence.arms.size(), 2U);
  EXPECT_EQ(evidence.elapsed, std::chrono::hours{48});
  const router::EpochEvidence& b = evidence.arms[1].epochs.at(0);
  EXPECT_EQ(b.started, 1280U);
  EXPECT_EQ(b.errors, 64U);
  EXPECT_EQ(b.exceeded, 3U);
  EXPECT_EQ(b.users, 64U);
  EXPECT_DOUBLE_EQ(b.planned_share, 0.5);
  EXPECT_EQ(b.metrics.at("error_rate").groups.at(0).sum, 1);
  EXPECT_EQ(b.metrics.at("latency").groups.at(0).sum, 19);
  EXPECT_EQ(b.metrics.at("latency").square_sum, 1216);
  EXPECT_EQ(b.metrics.at("cost").groups.at(0).sum, 2);
  EXPECT_EQ(b.metrics.at("rating").groups.size(), 64U);
  EXPECT_FALSE(evidence.arms[0].epochs[0].metrics.contains("rating"));
}

TEST(AbTestEvidence, SumsAnArmOverItsEpochs) {
  Counted counted;
  counted.add(1, 1, tally_of(640, 10));
  counted.add(2, 1, tally_of(640, 20));
  counted.add(2, 0, tally_of(640, 5));
  EXPECT_EQ(arm_tally(counted.counts, 1).failures(), 30U);
  EXPECT_EQ(arm_tally(counted.counts, 0).requests(), 640U);
}

TEST(AbTestEvidence, LooksAtNothingCalmly) {
  double srm_p = 1;
  const router::Look look = look_at(some_active(), {}, day(3), srm_p);
  EXPECT_NE(look.guardrail, router::Guardrail::fail);
  EXPECT_EQ(look.stage_requests, 0U);
}

TEST(AbTestEvidence, SeesATreatmentThatBreaksItsLimit) {
  Counted counted;
  counted.request.criteria.max_error_rate = 0.01;
  counted.add(1, 0, tally_of(6400, 20));
  counted.add(1, 1, tally_of(6400, 640));
  double srm_p = 1;
  const router::Look look = look_at(some_active(1, counted.request), counted.counts, day(3), srm_p);
  EXPECT_EQ(look.guardrail, router::Guardrail::fail);
  EXPECT_FALSE(look.evidence.empty());
  EXPECT_EQ(look.stage_requests, 6400U);
}

TEST(AbTestEvidence, CountsTheRequestsOfTheCurrentStageOnly) {
  Counted counted;
  counted.request.criteria.rollout = {10, 100};
  const AbTest test = after_stage(some_active(1, counted.request), 1, day(3)).value();
  counted.add(1, 0, tally_of(6400, 0));
  counted.add(1, 1, tally_of(6400, 0));
  counted.add(2, 0, tally_of(640, 0));
  counted.add(2, 1, tally_of(128, 0));
  double srm_p = 1;
  EXPECT_EQ(look_at(test, counted.counts, day(4), srm_p).stage_requests, 128U);
}

}  // namespace
}  // namespace tallygate::registry
