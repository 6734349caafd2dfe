#include "router/selection/fallbacks.h"

#include <gtest/gtest.h>

#include "router/selection/auto_pool.h"
#include "tests/router/fixture.h"

namespace tallygate::router {
namespace {

/// Route chat (t1) falls back to chat@2 (t2), then spare (t9), then last (t5).
struct Fallbacks : Gate {
  Performance measured;

  Fallbacks() {
    settings.targets["t5"] = {};
    settings.routes["last"].versions = {{"5", version_on({"t5"}, true)}};
    settings.routes["chat"].versions["2"] = version_on({"t2"});
    settings.routes["chat"].fallbacks = {"chat@2", "spare", "last"};
  }

  void measure(const char* route, const char* version, const char* target, Outcome outcome,
               std::uint64_t count) {
    TallyKey key;
    key.route = names.id(route);
    key.version = is_failure(outcome) ? 0 : names.id(version);
    key.target = names.id(target);
    Tally tally;
    tally.outcomes[static_cast<std::size_t>(outcome)] = count;
    measured.add(key, tally.totals());
  }
  std::string order() {
    snapshot = build_snapshot(settings, 1, names.naming(), &measured);
    return planned();
  }
  std::string planned() {
    RequestFacts facts;
    facts.model = "chat";
    return text(plan_route(*snapshot, health.view(), facts, now, 0));
  }
};

TEST(Fallbacks, KeepTheFilesOrderWhereNothingIsMeasured) {
  Fallbacks gate;
  EXPECT_EQ(gate.order(), "1: t1 t2 t9 t5");
}

TEST(Fallbacks, ComeBestFirst) {
  Fallbacks gate;
  gate.measure("chat", "2", "t2", Outcome::upstream_error, 80);
  gate.measure("chat", "2", "t2", Outcome::ok, 20);
  EXPECT_EQ(gate.order(), "1: t1 t9 t5 t2");
  gate.measure("last", "5", "t5", Outcome::ok, 5'000);
  EXPECT_EQ(gate.order(), "1: t1 t5 t9 t2") << "measured on its own route";
  gate.measure("chat", "9", "t9", Outcome::ok, 50'000);
  EXPECT_EQ(gate.order(), "1: t1 t9 t5 t2") << "measured where it stood in";
}

TEST(Fallbacks, NeverComeBeforeTheVersionsOwnTargets) {
  Fallbacks gate;
  gate.measure("chat", "1", "t1", Outcome::upstream_error, 1'000);
  gate.measure("last", "5", "t5", Outcome::ok, 5'000);
  EXPECT_EQ(gate.order().substr(0, 8), "1: t1 t5");
}

TEST(Fallbacks, AreRankedAgainAtTheTick) {
  Fallbacks gate;
  EXPECT_EQ(gate.order(), "1: t1 t2 t9 t5");
  const auto before = gate.snapshot;
  EXPECT_EQ(rank_again(before, gate.settings, gate.measured, 2), before) << "no order changed";
  gate.measure("chat", "2", "t2", Outcome::upstream_error, 100);
  gate.snapshot = rank_again(before, gate.settings, gate.measured, 2);
  EXPECT_EQ(gate.snapshot->generation, 2U);
  EXPECT_EQ(gate.planned(), "1: t1 t9 t5 t2");
  EXPECT_EQ(before->routes[before->route_by_name.at("chat")].fallbacks.size(), 3U);
}

TEST(Fallbacks, AreMeasuredOnlyIfThereIsAChoice) {
  Fallbacks gate;
  EXPECT_TRUE(has_fallbacks_to_rank(gate.settings));
  gate.settings.routes["chat"].fallbacks = {"spare"};
  EXPECT_FALSE(has_fallbacks_to_rank(gate.settings));
}

}  // namespace
}  // namespace tallygate::router
