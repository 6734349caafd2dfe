#include "gateway/control/view/describe_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/router/fixture.h"

namespace tallygate {
namespace {

using Lines = std::vector<std::string>;

Lines changes_by(const std::function<void(config::Settings&)>& edit) {
  const config::Settings before = router::small_settings();
  config::Settings after = before;
  edit(after);
  return describe_changes(before, after);
}

TEST(DescribeChanges, SaysNothingOfWhatIsTheSame) {
  EXPECT_EQ(changes_by([](config::Settings&) {}), Lines{});
}

TEST(DescribeChanges, NamesTargetsAndRoutes) {
  EXPECT_EQ(changes_by([](config::Settings& s) { s.targets["new"] = {}; }),
            Lines{"target new added"});
  EXPECT_EQ(changes_by([](config::Settings& s) { s.targets.erase("t3"); }),
            Lines{"target t3 removed"});
  EXPECT_EQ(changes_by([](config::Settings& s) { s.targets["t1"].url = "http://other"; }),
            Lines{"target t1 changed"});
  EXPECT_EQ(changes_by([](config::Settings& s) { s.routes.erase("claude"); }),
            Lines{"route claude removed"});
  EXPECT_EQ(changes_by([](config::Settings& s) {
              s.routes["chat"].experiment = router::experiment_between("1", "2");
              s.routes["more"] = {};
            }),
            (Lines{"route chat changed", "route more added"}));
}

TEST(DescribeChanges, NeverShowsASecret) {
  const Lines lines = changes_by([](config::Settings& s) {
    s.targets["t1"].api_key.value = "sk-secret";
    s.listeners.admin.token.value = "sk-secret";
  });
  EXPECT_EQ(lines, (Lines{"target t1 changed", "listeners changed"}));
}

TEST(DescribeChanges, NamesEverySection) {
  const Lines lines = changes_by([](config::Settings& s) {
    s.auto_pools["pool"] = {};
    s.listeners.data.require_key = true;
    s.workers = 7;
    s.unit_sources.pop_back();
    s.timeouts.idle = config::Duration{1};
    s.min_rate = 5;
    s.half_close = config::HalfClose::ignore;
    s.retry.max_targets = 1;
    s.blacklist.failures = 9;
    s.store.retention = config::Duration{1};
    s.capture.sample = 0.5;
    s.limits.json_depth = 3;
    s.telemetry.prometheus = false;
    s.improve.analysis = "";
    s.log.access = true;
  });
  EXPECT_THAT(lines,
              ::testing::UnorderedElementsAre(
                  "auto pool pool added", "listeners changed", "workers changed", "units changed",
                  "timeouts changed", "min_rate changed", "half_close changed", "retry changed",
                  "blacklist changed", "store changed", "capture changed", "limits changed",
                  "telemetry changed", "improve changed", "log changed"));
}

}  // namespace
}  // namespace tallygate
