#include "router/experiment/running_test.h"

#include <gtest/gtest.h>

#include "router/experiment/tables.h"
#include "tests/router/fixture.h"

namespace tallygate::router {
namespace {

RunningTest running_between(const std::string& a, const std::string& b) {
  RunningTest test;
  test.name = "from the catalog";
  test.uuid.bytes[0] = 7;
  test.epoch = 3;
  test.max_latency = std::chrono::milliseconds{1500};
  test.arms = {{"a", a}, {"b", b}};
  const double weights[] = {0.25, 0.75};
  test.table = first_table(salt_of(test.uuid), weights).slots;
  return test;
}

TEST(RunningTest, IsWhatARouteIsSplitBy) {
  TestNames names;
  config::Settings settings = small_settings();
  settings.routes["chat"].experiment = experiment_between("1", "2");
  const RunningTests tests{{"chat", running_between("2", "1")}};
  const auto snapshot = build_snapshot(settings, 1, names.naming(), nullptr, &tests);
  const Route& chat = snapshot->routes[snapshot->route_by_name.at("chat")];
  ASSERT_EQ(snapshot->experiments.size(), 1U);
  ASSERT_EQ(chat.experiment, 0U);
  const Experiment& experiment = snapshot->experiments[0];
  EXPECT_EQ(names.text(experiment.name), "from the catalog");
  EXPECT_EQ(experiment.epoch, 3U);
  EXPECT_EQ(experiment.salt, salt_of(tests.at("chat").uuid));
  EXPECT_EQ(experiment.max_latency, std::chrono::milliseconds{1500});
  EXPECT_EQ(experiment.variants, (std::vector{chat.versions.at("2"), chat.versions.at("1")}));
  EXPECT_EQ(experiment.table, tests.at("chat").table) << "tables are shared, not copied";
}

TEST(RunningTest, ReplacesWhatTheSettingsDeclare) {
  TestNames names;
  config::Settings settings = small_settings();
  settings.routes["chat"].experiment = experiment_between("1", "2");
  const RunningTests none;
  EXPECT_TRUE(build_snapshot(settings, 1, names.naming(), nullptr, &none)->experiments.empty());
  EXPECT_EQ(build_snapshot(settings, 1, names.naming())->experiments.size(), 1U);
}

TEST(RunningTest, IsLeftOutWithoutItsVersions) {
  TestNames names;
  const RunningTests tests{{"chat", running_between("1", "8")}, {"nowhere", {}}};
  const auto snapshot = build_snapshot(small_settings(), 1, names.naming(), nullptr, &tests);
  EXPECT_TRUE(snapshot->experiments.empty());
}

TEST(RunningTest, CopiesToItsMirrorIfThereIsOne) {
  const auto check = [](const std::string& version, bool is_there) {
    TestNames names;
    RunningTests tests{{"chat", running_between("1", "2")}};
    tests.at("chat").mirror = config::Mirror{version, 0.5};
    const auto snapshot = build_snapshot(small_settings(), 1, names.naming(), nullptr, &tests);
    EXPECT_EQ(snapshot->experiments.at(0).mirror != kNoIndex, is_there);
    EXPECT_EQ(snapshot->experiments.at(0).mirror_below, is_there ? std::uint64_t{1} << 63 : 0);
  };
  check("2", true);
  check("8", false);
}

}  // namespace
}  // namespace tallygate::router
