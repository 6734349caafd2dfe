#include <gtest/gtest.h>

#include "router/assign.h"
#include "tests/router/fixture.h"

namespace tallygate::router {
namespace {

const std::uint64_t kSalt = salt_of(config_experiment_uuid("chat", "test"));

Gate gate_with_experiment(double share_of_a = 80) {
  Gate gate;
  gate.settings.routes["chat"].experiment = experiment_between("1", "2", share_of_a);
  return gate;
}

void expect_not_enrolled(const Assignment& assignment) {
  EXPECT_EQ(assignment.experiment, 0U);
  EXPECT_EQ(assignment.variant_name, 0U);
  EXPECT_EQ(assignment.variant, kNoVariant);
  EXPECT_EQ(assignment.epoch, 0U);
  EXPECT_EQ(assignment.slot, 0U);
}

TEST(PlanAssignment, FollowsTheSlotTable) {
  Gate gate = gate_with_experiment();
  const std::uint32_t targets[] = {8000, 2000};
  const SlotTable table = make_table(kSalt, targets);
  int count_of_b = 0;
  for (int i = 0; i < 500; ++i) {
    const std::string unit = "user-" + std::to_string(i);
    const auto plan = gate.plan("chat", unit);
    const std::uint16_t slot = slot_of(hash_unit(unit, kSalt));
    const Assignment& assignment = plan->assignment;
    ASSERT_EQ(assignment.slot, slot) << unit;
    ASSERT_EQ(assignment.variant, table[slot]) << unit;
    ASSERT_EQ(gate.names.text(assignment.variant_name), table[slot] == 0 ? "a" : "b");
    ASSERT_EQ(gate.names.text(plan->version), table[slot] == 0 ? "1" : "2");
    ASSERT_EQ(gate.names.text(assignment.experiment), "test");
    ASSERT_EQ(assignment.epoch, 1U);
    ASSERT_EQ(assignment.unit_hash, hash_unit(unit, 0));
    count_of_b += table[slot];
  }
  EXPECT_GT(count_of_b, 50);
}

TEST(PlanAssignment, DoesNotDependOnHealthOrDice) {
  Gate gate = gate_with_experiment(0);
  const auto before = gate.plan("chat", "user-1", 0);
  EXPECT_EQ(gate.text(before), "2: t2 t3 t9");
  gate.bench("t2", Gate::now + std::chrono::hours{1});
  gate.bench("t3", Gate::now + std::chrono::hours{1});
  const auto after = gate.plan("chat", "user-1", UINT64_MAX);
  EXPECT_EQ(gate.text(after), "2: t9");
  EXPECT_EQ(after->assignment.variant, before->assignment.variant);
  EXPECT_EQ(after->assignment.slot, before->assignment.slot);
}

TEST(PlanAssignment, EnrolsNobodyWithoutAUnit) {
  Gate gate = gate_with_experiment(0);
  const auto plan = gate.plan("chat");
  EXPECT_EQ(gate.text(plan), "1: t1 t9");
  expect_not_enrolled(plan->assignment);
  EXPECT_EQ(plan->assignment.unit_hash, 0U);
}

TEST(PlanAssignment, BypassesTheExperimentForANamedVersion) {
  Gate gate = gate_with_experiment(0);
  const auto plan = gate.plan("chat@1", "user-1");
  EXPECT_EQ(gate.text(plan), "1: t1 t9");
  expect_not_enrolled(plan->assignment);
  EXPECT_EQ(plan->assignment.unit_hash, hash_unit("user-1", 0));
}

TEST(PlanAssignment, GivesEveryUnitTheControlWhilePaused) {
  Gate gate;
  gate.settings.routes["chat"].experiment = experiment_between("2", "1", 0);
  gate.settings.routes["chat"].experiment->status = config::ExperimentStatus::paused;
  for (const std::string unit : {"user-1", "user-2", "user-3"}) {
    const auto plan = gate.plan("chat", unit);
    EXPECT_EQ(gate.text(plan), "2: t2 t3 t9");
    expect_not_enrolled(plan->assignment);
    EXPECT_EQ(plan->assignment.unit_hash, hash_unit(unit, 0));
  }
  EXPECT_EQ(gate.text(gate.plan("chat")), "1: t1 t9");
}

TEST(PlanAssignment, ServesTheDefaultUncountedInSlotsOfNobody) {
  Gate gate = gate_with_experiment(0);
  auto snapshot = *build_snapshot(gate.settings, 1, gate.names.naming());
  auto table = *snapshot.experiments[0].table;
  table[slot_of(hash_unit("user-1", kSalt))] = kNoneSlot;
  snapshot.experiments[0].table = std::make_shared<const SlotTable>(table);
  gate.snapshot = std::make_shared<const Snapshot>(snapshot);
  const auto outside = gate.plan("chat", "user-1");
  EXPECT_EQ(gate.text(outside), "1: t1 t9");
  expect_not_enrolled(outside->assignment);
  const auto inside = gate.plan("chat", "user-2");
  EXPECT_EQ(gate.text(inside), "2: t2 t3 t9");
  EXPECT_EQ(inside->assignment.variant, 1);
}

TEST(PlanAssignment, ServesTheDefaultUncountedWhenAVariantIsInactive) {
  Gate gate = gate_with_experiment(0);
  gate.settings.routes["chat"].versions["2"].active = false;
  const auto plan = gate.plan("chat", "user-1");
  EXPECT_EQ(gate.text(plan), "1: t1 t9");
  expect_not_enrolled(plan->assignment);

  Gate paused;
  paused.settings.routes["chat"].experiment = experiment_between("2", "1");
  paused.settings.routes["chat"].experiment->status = config::ExperimentStatus::paused;
  paused.settings.routes["chat"].versions["2"].active = false;
  EXPECT_EQ(paused.text(paused.plan("chat", "user-1")), "1: t1 t9");
}

TEST(PlanAssignment, NeverEnrolsThroughAFallbackIntoAnotherRoutesExperiment) {
  Gate gate;
  gate.settings.routes["spare"].versions["8"] = version_on({"t3"});
  gate.settings.routes["spare"].experiment = experiment_between("8", "9", 100);
  const auto plan = gate.plan("chat", "user-1");
  EXPECT_EQ(gate.text(plan), "1: t1 t9");
  expect_not_enrolled(plan->assignment);
}

}  // namespace
}  // namespace tallygate::router
