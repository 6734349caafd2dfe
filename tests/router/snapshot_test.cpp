#include "router/snapshot.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/router/fixture.h"

namespace tallygate::router {
namespace {

TEST(Snapshot, KeepsWhatSettingsSay) {
  TestNames names;
  config::Settings settings = small_settings();
  settings.retry.max_targets = 2;
  settings.blacklist.failures = 7;
  const auto snapshot = build_snapshot(settings, 42, names.naming());
  EXPECT_EQ(snapshot->generation, 42U);
  EXPECT_EQ(snapshot->retry, settings.retry);
  EXPECT_EQ(snapshot->blacklist, settings.blacklist);
  EXPECT_EQ(snapshot->targets.size(), 5U);
  EXPECT_EQ(snapshot->routes.size(), 3U);

  const Route& chat = snapshot->routes[snapshot->route_by_name.at("chat")];
  EXPECT_EQ(names.text(chat.name), "chat");
  EXPECT_EQ(chat.default_version, chat.versions.at("1"));
  EXPECT_EQ(chat.experiment, kNoIndex);
  const Version& second = snapshot->versions[chat.versions.at("2")];
  EXPECT_EQ(names.text(second.name), "2");
  ASSERT_EQ(second.targets.size(), 2U);
  const Target& target = snapshot->targets[second.targets[1]];
  EXPECT_EQ(names.text(target.name), "t3");
  EXPECT_EQ(target.slot, names.slots.at("t3"));
}

TEST(Snapshot, ResolvesFallbacksToVersionsThatTakeTraffic) {
  TestNames names;
  config::Settings settings = small_settings();
  settings.routes["chat"].versions["2"].active = false;
  settings.routes["bare"].versions = {{"1", version_on({"t1"})}};
  settings.routes["chat"].fallbacks = {"chat@2", "bare", "chat:1", "spare", "spare@9"};
  const auto snapshot = build_snapshot(settings, 1, names.naming());
  const Route& chat = snapshot->routes[snapshot->route_by_name.at("chat")];
  const VersionIndex spare = snapshot->routes[snapshot->route_by_name.at("spare")].default_version;
  EXPECT_EQ(chat.fallbacks, (std::vector{chat.versions.at("1"), spare, spare}));
}

TEST(Snapshot, PutsRouteTimeoutsBesideTheGeneralOnes) {
  TestNames names;
  config::Settings settings = small_settings();
  config::Timeouts slow;
  slow.total = std::chrono::hours{2};
  settings.routes["spare"].timeouts = slow;
  const auto snapshot = build_snapshot(settings, 1, names.naming());
  ASSERT_EQ(snapshot->timeouts.size(), 2U);
  EXPECT_EQ(snapshot->timeouts[0], settings.timeouts);
  EXPECT_EQ(snapshot->timeouts[1], slow);
  EXPECT_EQ(snapshot->routes[snapshot->route_by_name.at("spare")].timeouts, 1U);
  EXPECT_EQ(snapshot->routes[snapshot->route_by_name.at("chat")].timeouts, 0U);
}

TEST(Snapshot, GivesAnExperimentItsSaltTableAndOrderedVariants) {
  TestNames names;
  config::Settings settings = small_settings();
  settings.routes["chat"].experiment = experiment_between("1", "2", 80);
  const auto snapshot = build_snapshot(settings, 1, names.naming());
  const Route& chat = snapshot->routes[snapshot->route_by_name.at("chat")];
  ASSERT_EQ(snapshot->experiments.size(), 1U);
  ASSERT_EQ(chat.experiment, 0U);
  const Experiment& experiment = snapshot->experiments[0];
  EXPECT_EQ(names.text(experiment.name), "test");
  EXPECT_EQ(experiment.salt, salt_of(config_experiment_uuid("chat", "test")));
  EXPECT_FALSE(experiment.paused);
  EXPECT_EQ(experiment.variants, (std::vector{chat.versions.at("1"), chat.versions.at("2")}));
  EXPECT_EQ(experiment.variant_names, (std::vector{names.id("a"), names.id("b")}));
  const std::uint32_t targets[] = {8000, 2000};
  EXPECT_EQ(*experiment.table, make_table(experiment.salt, targets));
}

TEST(Snapshot, PutsControlFirstWhereverItSorts) {
  TestNames names;
  config::Settings settings = small_settings();
  config::Experiment experiment = experiment_between("1", "2", 70);
  experiment.variants = {{"A", "2"}, {"a", "1"}};
  experiment.split = {{"A", 30}, {"a", 70}};
  settings.routes["chat"].experiment = experiment;
  const auto snapshot = build_snapshot(settings, 1, names.naming());
  EXPECT_EQ(names.text(snapshot->experiments[0].variant_names[0]), "a");
  EXPECT_EQ(
      std::count(snapshot->experiments[0].table->begin(), snapshot->experiments[0].table->end(), 0),
      7000);
}

TEST(Snapshot, TakesOnlyActiveAndPausedExperiments) {
  using enum config::ExperimentStatus;
  const auto check = [](config::ExperimentStatus status, bool is_there, bool is_paused) {
    TestNames names;
    config::Settings settings = small_settings();
    settings.routes["chat"].experiment = experiment_between("1", "2");
    settings.routes["chat"].experiment->status = status;
    const auto snapshot = build_snapshot(settings, 1, names.naming());
    ASSERT_EQ(snapshot->experiments.size(), is_there ? 1U : 0U);
    if (is_there) {
      EXPECT_EQ(snapshot->experiments[0].paused, is_paused);
    }
  };
  check(draft, false, false);
  check(active, true, false);
  check(paused, true, true);
  check(completed, false, false);
  check(cancelled, false, false);
}

TEST(Snapshot, BuildsFromNothing) {
  TestNames names;
  const auto snapshot = build_snapshot({}, 1, names.naming());
  EXPECT_TRUE(snapshot->routes.empty());
  EXPECT_EQ(snapshot->timeouts.size(), 1U);
}

TEST(Snapshot, FindsNamesUnderAnySeed) {
  TestNames names;
  Naming naming = names.naming();
  naming.hash_seed = 0x1234;
  const auto snapshot = build_snapshot(small_settings(), 1, naming);
  EXPECT_EQ(StringHash{}("chat"), StringHash{0}("chat"));
  EXPECT_NE(StringHash{0}("chat"), StringHash{0x1234}("chat"));
  const auto route = snapshot->route_by_name.find(std::string_view("chat"));
  ASSERT_NE(route, snapshot->route_by_name.end());
  EXPECT_TRUE(snapshot->routes[route->second].versions.contains(std::string_view("2")));
}

using Dice = std::mt19937_64;

config::Settings random_settings(Dice& dice) {
  config::Settings settings;
  std::vector<std::string> targets;
  for (std::size_t i = 0; i < 1 + dice() % 12; ++i) {
    targets.push_back("t" + std::to_string(i));
    settings.targets[targets.back()].protocol = static_cast<config::Protocol>(dice() % 2);
  }
  std::vector<std::string> models;
  for (std::size_t r = 0; r < 1 + dice() % 6; ++r) {
    const std::string name = "r" + std::to_string(r);
    config::Route& route = settings.routes[name];
    models.push_back(name);
    const std::size_t versions = 1 + dice() % 5;
    for (std::size_t v = 0; v < versions; ++v) {
      config::Version& version = route.versions[std::to_string(v)];
      for (std::size_t t = 0; t < 1 + dice() % 10; ++t) {
        version.targets.push_back(targets[dice() % targets.size()]);
      }
      version.active = dice() % 5 != 0;
      models.push_back(name + "@" + std::to_string(v));
    }
    if (dice() % 4 != 0) route.versions.begin()->second.is_default = true;
    if (dice() % 2 == 0) {
      route.experiment =
          experiment_between("0", std::to_string(versions - 1), static_cast<double>(dice() % 101));
      route.experiment->status = static_cast<config::ExperimentStatus>(dice() % 5);
    }
    if (dice() % 3 == 0) route.timeouts = config::Timeouts{};
  }
  for (auto& [name, route] : settings.routes) {
    for (std::size_t f = 0; f < dice() % 5; ++f) {
      route.fallbacks.push_back(models[dice() % models.size()]);
    }
  }
  return settings;
}

void expect_indexes_in_range(const Snapshot& snapshot) {
  const auto is_version = [&](VersionIndex index) { return index < snapshot.versions.size(); };
  for (const auto& [name, index] : snapshot.route_by_name) {
    EXPECT_LT(index, snapshot.routes.size()) << name;
  }
  for (const Version& version : snapshot.versions) {
    EXPECT_LT(version.route, snapshot.routes.size());
    for (const TargetIndex target : version.targets) EXPECT_LT(target, snapshot.targets.size());
  }
  for (std::size_t i = 0; i < snapshot.routes.size(); ++i) {
    const Route& route = snapshot.routes[i];
    EXPECT_LT(route.timeouts, snapshot.timeouts.size());
    EXPECT_TRUE(route.default_version == kNoIndex || is_version(route.default_version));
    EXPECT_TRUE(route.experiment == kNoIndex || route.experiment < snapshot.experiments.size());
    for (const auto& [name, version] : route.versions) {
      ASSERT_TRUE(is_version(version));
      EXPECT_EQ(snapshot.versions[version].route, i);
    }
    for (const VersionIndex fallback : route.fallbacks) {
      ASSERT_TRUE(is_version(fallback));
      EXPECT_TRUE(snapshot.versions[fallback].active);
    }
  }
  for (const Experiment& experiment : snapshot.experiments) {
    EXPECT_EQ(experiment.variants.size(), experiment.variant_names.size());
    for (const VersionIndex version : experiment.variants) EXPECT_TRUE(is_version(version));
    for (const std::uint8_t variant : *experiment.table) {
      ASSERT_LT(variant, experiment.variants.size());
    }
  }
}

TEST(SnapshotProperty, EveryIndexIsInRange) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    TestNames names;
    const auto settings = random_settings(dice);
    const auto snapshot = build_snapshot(settings, seed, names.naming());
    EXPECT_EQ(snapshot->routes.size(), settings.routes.size());
    expect_indexes_in_range(*snapshot);
  }
}

TEST(SnapshotProperty, PlansAreWholeOrErrorsForEveryModelOfRandomSettings) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    TestNames names;
    const auto snapshot = build_snapshot(random_settings(dice), seed, names.naming());
    TestHealth health;
    const SteadyTime now = SteadyTime{} + std::chrono::hours{1};
    for (const Target& target : snapshot->targets) {
      if (dice() % 2 == 0) health.benched_until[target.slot] = now + std::chrono::seconds{1};
    }
    for (int i = 0; i < 200; ++i) {
      const std::string model = "r" + std::to_string(dice() % 7) +
                                (dice() % 2 == 0 ? "" : "@" + std::to_string(dice() % 6));
      const std::string unit = dice() % 4 == 0 ? "" : std::to_string(dice());
      RequestFacts facts;
      facts.model = model;
      facts.unit = unit;
      facts.protocol = static_cast<config::Protocol>(dice() % 2);
      const auto plan = plan_route(*snapshot, health.view(), facts, now, dice());
      if (!plan) {
        EXPECT_FALSE(plan.error().message.empty());
        continue;
      }
      ASSERT_GE(plan->candidate_count, 1);
      ASSERT_LE(plan->candidate_count, kMaxPlanTargets);
      std::set<TargetSlot> slots;
      for (std::size_t c = 0; c < plan->candidate_count; ++c) {
        const TargetSlot slot = plan->candidates[c].slot;
        EXPECT_TRUE(slots.insert(slot).second) << "slot twice";
        EXPECT_EQ(health.benched_until.contains(slot), plan->degraded);
      }
      EXPECT_EQ(plan->assignment.experiment == 0, plan->assignment.variant == kNoVariant);
      EXPECT_EQ(plan->assignment.unit_hash, unit.empty() ? 0 : hash_unit(unit, 0));
    }
  }
}

}  // namespace
}  // namespace tallygate::router
