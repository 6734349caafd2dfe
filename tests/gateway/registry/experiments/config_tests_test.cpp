#include "gateway/registry/experiments/config_tests.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/registry/experiments/experiment_tables.h"
#include "router/experiment/lifecycle.h"
#include "tests/gateway/registry/experiments/ab_test_kit.h"

namespace tallygate::registry {
namespace {

using enum config::ExperimentStatus;

struct File {
  config::Settings settings;
  std::vector<AbTest> stored;

  File() {
    config::Route& route = settings.routes["chat"];
    route.versions["1.0.0"].is_default = true;
    route.versions["2.0.0"] = {};
    route.versions["3.0.0"] = {};
    route.experiment.emplace();
    declared().name = "prompt";
    declared().variants = {{"a", "1.0.0"}, {"b", "2.0.0"}};
    declared().split = {{"a", 80}, {"b", 20}};
    declared().status = active;
  }
  config::Experiment& declared() { return *settings.routes["chat"].experiment; }

  /// Follows the file and keeps what has to be written; how many that were.
  std::size_t follow(int number) {
    const auto changed = follow_config(settings, stored, day(number));
    for (const AbTest& written : changed) {
      // As it comes back from the catalog.
      const AbTest test = ab_test_of({.kind = std::string(kAbTestKind),
                                      .id = to_string(written.id),
                                      .revision = written.revision + 1,
                                      .body = to_body(written)})
                              .value();
      const auto known = std::find_if(stored.begin(), stored.end(),
                                      [&](const AbTest& other) { return other.id == test.id; });
      if (known == stored.end()) {
        stored.push_back(test);
      } else {
        *known = test;
      }
    }
    return changed.size();
  }
  const AbTest& test() const { return stored.at(0); }
};

TEST(ConfigTests, StartAsTheFileSays) {
  File file;
  EXPECT_EQ(file.follow(1), 1U);
  const AbTest& test = file.test();
  EXPECT_EQ(test.id, router::config_experiment_uuid("chat", "prompt"));
  EXPECT_EQ(test.origin, Origin::config);
  EXPECT_EQ(test.status, active);
  EXPECT_EQ(test.arms[1].version_id, "config:chat@2.0.0");
  const double weights[] = {0.8, 0.2};
  EXPECT_EQ(*test.table,
            router::make_table(router::salt_of(test.id), router::slot_targets(weights)));
  EXPECT_EQ(experiment_tables(file.stored).at("chat").name, "prompt");
  EXPECT_EQ(file.follow(2), 0U) << "the file was followed already";
}

TEST(ConfigTests, MoveAsFewUnitsAsCanBeWhenTheSplitChanges) {
  File file;
  file.follow(1);
  const auto before = file.test().table;
  file.declared().split = {{"a", 50}, {"b", 50}};
  EXPECT_EQ(file.follow(2), 1U);
  EXPECT_EQ(file.test().epochs.size(), 2U);
  std::uint32_t moved = 0;
  for (std::size_t i = 0; i < before->size(); ++i) {
    moved += (*before)[i] != (*file.test().table)[i] ? 1 : 0;
  }
  EXPECT_EQ(moved, 3000U);
}

TEST(ConfigTests, FollowEveryStateOfTheFile) {
  for (const auto first : {draft, active, paused, completed, cancelled}) {
    for (const auto second : {draft, active, paused, completed, cancelled}) {
      SCOPED_TRACE(std::string(router::to_string(first)) + " to " +
                   std::string(router::to_string(second)));
      File file;
      file.declared().status = first;
      file.follow(1);
      EXPECT_EQ(file.test().status, first);
      EXPECT_EQ(file.test().table != nullptr, router::is_running(first));
      file.declared().status = second;
      file.follow(2);
      EXPECT_EQ(file.test().status, second);
      EXPECT_EQ(file.test().table != nullptr, router::is_running(second));
      EXPECT_EQ(file.follow(3), 0U);
    }
  }
}

TEST(ConfigTests, AreWrittenOnceWhateverTheirNumbers) {
  for (int percent = 0; percent <= 100; ++percent) {
    File file;
    file.declared().split = {{"a", percent / 3.0}, {"b", 100 - percent / 3.0}};
    file.declared().criteria_json = R"({"max_error_rate":0.07,"latency_quantile":0.97,
        "min_improvement":0.0)" + std::to_string(percent) +
                                    R"(,"rollout":[0.7,12.3,100]})";
    file.declared().mirror = config::Mirror{"3.0.0", percent / 100.0};
    EXPECT_EQ(file.follow(1), 1U);
    EXPECT_EQ(file.follow(2), 0U) << percent;
  }
}

TEST(ConfigTests, KeepTheTableThroughAPause) {
  File file;
  file.follow(1);
  const auto before = *file.test().table;
  file.declared().status = paused;
  file.follow(2);
  EXPECT_TRUE(experiment_tables(file.stored).at("chat").paused);
  file.declared().status = active;
  file.follow(3);
  EXPECT_EQ(*file.test().table, before);
  EXPECT_EQ(file.test().epochs.back().number, 2U);
}

TEST(ConfigTests, StayEndedWhenTheirCriteriaEndedThem) {
  File file;
  file.follow(1);
  file.stored[0] = after_cancel(file.test(), "rollback: errors", day(2)).value();
  EXPECT_EQ(file.follow(3), 0U);
  file.declared().name = "prompt, again";
  EXPECT_EQ(file.follow(4), 1U);
  EXPECT_EQ(file.stored.at(1).status, active);
}

TEST(ConfigTests, AreCancelledWhenTheFileDropsThem) {
  File file;
  file.follow(1);
  file.settings.routes["chat"].experiment.reset();
  EXPECT_EQ(file.follow(2), 1U);
  EXPECT_EQ(file.test().status, cancelled);
  EXPECT_EQ(file.test().end_reason, "no longer in the configuration file");
  EXPECT_EQ(file.follow(3), 0U);
}

TEST(ConfigTests, TakeTheRouteFromATestOfTheApi) {
  File file;
  file.stored.push_back(some_active(1));
  EXPECT_EQ(file.follow(3), 2U);
  EXPECT_EQ(file.stored[0].status, paused);
  EXPECT_TRUE(file.stored[0].gave_way);
  EXPECT_EQ(experiment_tables(file.stored).at("chat").name, "prompt");
}

TEST(ConfigTests, DealAnewForOtherArms) {
  File file;
  file.follow(1);
  file.declared().variants["c"] = "3.0.0";
  file.declared().split = {{"a", 50}, {"b", 25}, {"c", 25}};
  file.follow(2);
  EXPECT_EQ(file.test().status, active);
  EXPECT_EQ(std::count(file.test().table->begin(), file.test().table->end(), 2), 2500);
  EXPECT_EQ(file.test().epochs.back().number, 2U);
}

TEST(ConfigTests, TakeTheirCriteria) {
  File file;
  file.declared().criteria_json = R"({"max_latency_ms":1500,"rollout":[10,100]})";
  file.follow(1);
  EXPECT_EQ(experiment_tables(file.stored).at("chat").max_latency, std::chrono::milliseconds{1500});
  EXPECT_DOUBLE_EQ(file.test().coverage, 0.1);
}

TEST(ExperimentTables, HoldTheRouteForAPausedTestThatDidNotGiveWay) {
  AbTest test = after_pause(some_active(1)).value();
  EXPECT_TRUE(experiment_tables(std::vector{test}).at("chat").paused);
  test.gave_way = true;
  EXPECT_TRUE(experiment_tables(std::vector{test}).empty());
  const std::vector tests{some_active(2), after_pause(some_active(3)).value(), some_draft(4)};
  EXPECT_EQ(experiment_tables(tests).at("chat").uuid, test_id(2));
}

}  // namespace
}  // namespace tallygate::registry
