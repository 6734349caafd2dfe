#include "router/selection/auto_pool.h"

#include <gtest/gtest.h>

#include "tests/router/fixture.h"

namespace tallygate::router {
namespace {

using config::Criterion;

/// The small gate with a pool over chat (t1), spare (t9), chat@2 (t2, t3) and claude (t7).
struct Pools : Gate {
  Performance measured;
  RequestFacts facts;

  Pools() {
    config::AutoPool& pool = settings.auto_pools["default"];
    pool.candidates = {"chat", "spare", "chat@2", "claude"};
    pool.priors["spare"] = {{"accuracy", 0.9}, {"speed", 0.1}};
    pool.priors["chat@2"] = {{"speed", 0.9}, {"cost", 0.2}};
    facts.unit = "u";
  }

  void build() { snapshot = build_snapshot(settings, 1, names.naming(), &measured); }

  /// "model: targets" of a request for `model`.
  std::string ask(std::string_view model, std::uint64_t dice = 0) {
    if (!snapshot) build();
    facts.model = model;
    const auto plan = plan_route(*snapshot, health.view(), facts, now, dice);
    return plan ? names.text(plan->route) + "@" + text(plan) : text(plan);
  }

  void measure(const char* route, const char* version, const char* target, int ok, int failed) {
    TallyKey key;
    key.route = names.id(route);
    key.version = names.id(version);
    key.target = names.id(target);
    Tally tally;
    tally.outcomes[static_cast<std::size_t>(Outcome::ok)] = static_cast<std::uint64_t>(ok);
    measured.add(key, tally.totals());
    tally = {};
    tally.outcomes[static_cast<std::size_t>(Outcome::upstream_error)] =
        static_cast<std::uint64_t>(failed);
    key.version = 0;  // an error before the first byte: nothing served
    measured.add(key, tally.totals());
  }

  Served served(const char* route, const char* version) {
    return {names.id(route), names.id(version)};
  }
};

TEST(Criterion, HasANameEach) {
  for (std::size_t i = 0; i < kCriterionCount; ++i) {
    const auto criterion = static_cast<Criterion>(i);
    EXPECT_EQ(parse_criterion(to_string(criterion)), criterion);
  }
  EXPECT_EQ(parse_criterion("Cost"), std::nullopt);
  EXPECT_EQ(parse_criterion("overall"), std::nullopt);
}

TEST(IsAuto, IsTrueOfTheReservedNamesOnly) {
  const auto check = [](std::string_view model, bool expected) {
    EXPECT_EQ(is_auto(model), expected) << model;
  };
  check("auto", true);
  check("auto:", true);
  check("auto:speed", true);
  check("autopilot", false);
  check("aut", false);
  check("Auto", false);
  check("auto@1.0.0", false);
  check("", false);
}

TEST(AutoPool, AnswersByEachCriterionBestFirst) {
  Pools pools;
  EXPECT_EQ(pools.ask("auto"), "chat@1: t1 t9 t2 t3")
      << "cost, by the pool; equal ones as declared";
  EXPECT_EQ(pools.ask("auto:accuracy"), "spare@9: t9 t1 t2 t3");
  EXPECT_EQ(pools.ask("auto:speed"), "chat@2: t2 t3 t1 t9");
  EXPECT_EQ(pools.ask("auto:creativity"), "chat@1: t1 t9 t2 t3");
}

TEST(AutoPool, TakesTheCriterionOfTheModelThenOfTheRequestThenOfThePool) {
  Pools pools;
  pools.settings.auto_pools["default"].criterion = Criterion::accuracy;
  EXPECT_EQ(pools.ask("auto"), "spare@9: t9 t1 t2 t3");
  pools.facts.criterion = Criterion::speed;
  EXPECT_EQ(pools.ask("auto"), "chat@2: t2 t3 t1 t9");
  EXPECT_EQ(pools.ask("auto:creativity"), "chat@1: t1 t9 t2 t3");
}

TEST(AutoPool, LeavesOtherModelsAlone) {
  Pools pools;
  pools.facts.criterion = Criterion::accuracy;
  EXPECT_EQ(pools.ask("chat"), "chat@1: t1 t9");
}

TEST(AutoPool, HasANameBesideTheDefault) {
  Pools pools;
  config::AutoPool& pool = pools.settings.auto_pools["careful"];
  pool.criterion = Criterion::accuracy;
  pool.candidates = {"chat@2", "spare"};
  EXPECT_EQ(pools.ask("auto:careful"), "chat@2: t2 t3 t9");
  pools.facts.criterion = Criterion::creativity;
  EXPECT_EQ(pools.ask("auto:careful"), "chat@2: t2 t3 t9");
}

TEST(AutoPool, LetsThePoolOfANameGoBeforeTheCriterionOfThatName) {
  Pools pools;
  pools.settings.auto_pools["speed"].candidates = {"spare"};
  EXPECT_EQ(pools.ask("auto:speed"), "spare@9: t9");
}

TEST(AutoPool, SkipsCandidatesOfAnotherProtocol) {
  Pools pools;
  pools.facts.protocol = config::Protocol::anthropic;
  EXPECT_EQ(pools.ask("auto"), "claude@7: t7");
  pools.settings.auto_pools["default"].candidates = {"chat"};
  pools.build();
  EXPECT_NE(pools.ask("auto").find("the model `auto` has no target that speaks the Anthropic"),
            std::string::npos);
}

TEST(AutoPool, SkipsCandidatesForOtherConversations) {
  Pools pools;
  for (auto& [name, route] : pools.settings.routes) route.conversation_types = {"text-to-text"};
  pools.settings.routes["spare"].conversation_types = {"embedding", "text-to-text"};
  pools.facts.conversation = Conversation::embedding;
  EXPECT_EQ(pools.ask("auto"), "spare@9: t9");
  pools.facts.conversation = Conversation::rerank;
  EXPECT_EQ(pools.ask("auto"), "the model `auto` has no candidate for rerank requests");
}

TEST(AutoPool, SkipsWhatTakesNoTraffic) {
  Pools pools;
  pools.settings.routes["chat"].versions["2"].active = false;
  EXPECT_EQ(pools.ask("auto:speed"), "chat@1: t1 t9");
  pools.settings.routes["chat"].versions["1"].is_default = false;
  pools.build();
  EXPECT_EQ(pools.ask("auto:speed"), "spare@9: t9");
  pools.settings.auto_pools["default"].candidates = {"chat", "chat@2"};
  pools.build();
  EXPECT_EQ(pools.ask("auto"), "no candidate of the auto pool `default` is active");
}

TEST(AutoPool, FallsBackToTheNextBestWhenTheBestIsBenched) {
  Pools pools;
  pools.bench("t1", Gate::now + std::chrono::hours{1});
  EXPECT_EQ(pools.ask("auto"), "chat@1: t9 t2 t3");
}

TEST(AutoPool, AssignsTheUnitsOfARouteUnderTest) {
  Pools pools;
  pools.settings.routes["chat"].experiment = experiment_between("1", "2", 0);
  pools.build();
  pools.facts.model = "auto";
  const auto plan = plan_route(*pools.snapshot, {}, pools.facts, Gate::now, 0);
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->by_pool);
  EXPECT_EQ(pools.names.text(plan->assignment.experiment), "test");
  EXPECT_EQ(pools.names.text(plan->version), "2");
}

TEST(AutoPool, SaysHowToDeclareOne) {
  Pools pools;
  const auto has = [&](std::string_view model, std::string_view words) {
    pools.build();
    EXPECT_NE(pools.ask(model).find(words), std::string::npos) << pools.ask(model);
    const auto plan = plan_route(*pools.snapshot, {}, pools.facts, Gate::now, 0);
    EXPECT_EQ(plan.error().code, Errc::model_not_found);
  };
  has("auto:sped", "neither an auto pool nor one of cost, accuracy");
  auto declared = pools.settings.auto_pools.extract("default");
  has("auto", "no auto pool is declared: declare one in the configuration file, as in `auto: {");
  declared.key() = "other";
  pools.settings.auto_pools.insert(std::move(declared));
  has("auto", "there is no auto pool `default`");
  has("auto:speed", "there is no auto pool `default`");
}

TEST(AutoPool, ResolvesToItsBestCandidate) {
  Pools pools;
  pools.build();
  const auto resolved = resolve_model(*pools.snapshot, "auto:speed");
  ASSERT_TRUE(resolved);
  EXPECT_EQ(pools.names.text(pools.snapshot->versions[resolved->version].name), "2");
  EXPECT_FALSE(resolve_model(*pools.snapshot, "auto:other"));
}

TEST(RankAgain, PutsAFailingCandidateLast) {
  Pools pools;
  pools.build();
  EXPECT_EQ(pools.ask("auto"), "chat@1: t1 t9 t2 t3");
  pools.measure("chat", "1", "t1", 50, 50);
  pools.snapshot = rank_again(pools.snapshot, pools.settings, pools.measured, 2);
  EXPECT_EQ(pools.snapshot->generation, 2U);
  EXPECT_EQ(pools.ask("auto"), "spare@9: t9 t1 t2 t3") << "before chat@2, of which cost says less";
}

TEST(RankAgain, KeepsTheSnapshotIfNoOrderChanges) {
  Pools pools;
  pools.build();
  pools.measure("chat", "1", "t1", 1, 0);
  EXPECT_EQ(rank_again(pools.snapshot, pools.settings, pools.measured, 2), pools.snapshot);
  pools.settings.auto_pools.clear();
  pools.build();
  EXPECT_EQ(rank_again(pools.snapshot, pools.settings, pools.measured, 2), pools.snapshot);
}

TEST(RankAgain, DoesNotCreditAVersionWithWhatAnotherRouteServed) {
  Pools pools;
  pools.settings.routes["spare"].versions = {{"1", version_on({"t9"}, true)}};
  pools.measure("chat", "1", "t1", 0, 100);
  pools.measure("chat", "1", "t9", 100'000, 0);  // spare@1, in place of chat@1
  EXPECT_EQ(pools.ask("auto"), "spare@1: t9 t2 t3 t1");
}

TEST(Continuity, KeepsAUnitOnWhatServedItLast) {
  Pools pools;
  pools.build();
  const auto check = [&](Served last, const std::string& expected) {
    pools.facts.last_served = last;
    EXPECT_EQ(pools.ask("auto:continuity"), expected);
  };
  check({}, "chat@2: t2 t3 t9 t1");
  check(pools.served("spare", "9"), "spare@9: t9 t2 t3 t1");
  check(pools.served("chat", "1"), "chat@1: t1 t2 t3 t9");
  check(pools.served("chat", "gone"), "chat@2: t2 t3 t9 t1");
  check(pools.served("claude", "7"), "chat@2: t2 t3 t9 t1");
  pools.facts.last_served = pools.served("spare", "9");
  EXPECT_EQ(pools.ask("auto:speed"), "chat@2: t2 t3 t1 t9") << "another criterion";
}

TEST(Continuity, KeepsAUnitOnTheVersionThatIsNoLongerTheDefault) {
  Pools pools;
  pools.settings.auto_pools["default"].candidates = {"spare", "chat"};
  pools.facts.last_served = pools.served("chat", "2");
  EXPECT_EQ(pools.ask("auto:continuity"), "chat@2: t2 t3 t9");
  pools.settings.routes["chat"].versions["2"].active = false;
  pools.build();
  EXPECT_EQ(pools.ask("auto:continuity"), "spare@9: t9 t1");
}

TEST(Continuity, LeavesAUnitInItsExperiment) {
  Pools pools;
  pools.settings.auto_pools["default"].candidates = {"spare", "chat"};
  pools.settings.routes["chat"].experiment = experiment_between("1", "2", 100);
  pools.facts.last_served = pools.served("chat", "2");
  EXPECT_EQ(pools.ask("auto:continuity"), "chat@1: t1 t9");
}

TEST(WantsContinuity, IsAskedForByModelHeaderOrPool) {
  Pools pools;
  pools.build();
  const auto check = [&](std::string_view model, bool expected) {
    pools.facts.model = model;
    EXPECT_EQ(wants_continuity(*pools.snapshot, pools.facts), expected) << model;
  };
  check("auto:continuity", true);
  check("auto", false);
  check("chat", false);
  pools.facts.criterion = Criterion::continuity;
  check("auto", true);
  check("auto:cost", false);
  check("auto:nothing", false);
  check("chat", false);
  pools.facts.unit = "";
  check("auto", false);
}

}  // namespace
}  // namespace tallygate::router
