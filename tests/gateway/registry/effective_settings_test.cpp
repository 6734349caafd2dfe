#include "gateway/registry/effective_settings.h"

#include <gtest/gtest.h>

#include "router/snapshot.h"

namespace tallygate::registry {
namespace {

using config::ExperimentStatus;

struct Documents {
  config::Settings file;
  std::vector<ModelVersion> versions;
  std::vector<AbTest> tests;
  SecretSource secrets;

  Documents() {
    file.targets["east"].url = "http://127.0.0.1:9001/v1";
    file.targets["west"].url = "http://127.0.0.1:9002/v1";
    file.routes["filed"].versions["1.0.0"] = {.targets = {"east"}, .is_default = true};
    file.routes["open"].versions["1.0.0"] = {.targets = {"east"}};
    file.secrets.allow = {"env:KEY", "env:NONE"};
    secrets.env = [](const std::string& name) {
      return name == "KEY" ? std::optional<std::string>("sk-value") : std::nullopt;
    };
  }

  ModelVersion& add(const std::string& route, const std::string& version,
                    std::vector<std::string> targets = {"east"}) {
    ModelVersion made;
    made.id = "id-" + std::to_string(versions.size() + 1);
    made.version = version;
    made.model_type = route;
    for (const auto& target : targets) made.targets.emplace_back().name = target;
    versions.push_back(std::move(made));
    return versions.back();
  }

  AbTest& add_test(const std::string& route, ExperimentStatus status, const std::string& a,
                   const std::string& b) {
    AbTest test;
    test.id.bytes[15] = static_cast<std::uint8_t>(tests.size() + 1);
    test.name = "test " + std::to_string(tests.size() + 1);
    test.model_type = route;
    test.status = status;
    test.arms = {{.name = "a", .version = a, .weight = 0.25},
                 {.name = "b", .version = b, .weight = 0.75}};
    test.table = std::make_shared<const router::SlotTable>();
    tests.push_back(std::move(test));
    return tests.back();
  }

  /// The routes, the targets that were added, and the warnings, as text.
  std::string state() const {
    const Effective effective = effective_settings(file, versions, tests, secrets);
    check_routable(effective);
    std::string text;
    for (const auto& [route_name, route] : effective.settings.routes) {
      for (const auto& [name, version] : route.versions) {
        text += route_name + "@" + name + (version.is_default ? " default" : "") +
                (version.active ? "" : " off");
        for (const auto& target : version.targets) text += " " + target;
        text += "\n";
      }
      if (!route.experiment) continue;
      text += route_name + " test " + route.experiment->name.substr(0, 8) + "\n";
    }
    for (const auto& warning : effective.warnings) text += "! " + warning + "\n";
    return text;
  }

  /// Whatever the documents say, a snapshot can be built of it.
  static void check_routable(const Effective& effective) {
    router::NameId names = 0;
    router::Naming naming;
    naming.intern = [&](std::string_view) { return ++names; };
    naming.target_slot = [](const std::string&, const config::Target&) { return 0u; };
    EXPECT_NE(router::build_snapshot(effective.settings, 1, naming), nullptr);
  }
};

constexpr const char* kFile = "filed@1.0.0 default east\nopen@1.0.0 east\n";

TEST(EffectiveSettings, AreTheFileWhenTheCatalogIsEmpty) {
  Documents documents;
  EXPECT_EQ(documents.state(), kFile);
  EXPECT_EQ(effective_settings(documents.file, {}, {}, documents.secrets).settings, documents.file);
}

TEST(EffectiveSettings, AddVersionsAndRoutes) {
  Documents documents;
  documents.add("filed", "2.0.0", {"west", "east"});
  documents.add("open", "2.0.0").is_default = true;
  documents.add("fresh", "1.0.0").is_default = true;
  documents.add("fresh", "2.0.0").active = false;
  EXPECT_EQ(documents.state(),
            "filed@1.0.0 default east\nfiled@2.0.0 west east\n"
            "fresh@1.0.0 default east\nfresh@2.0.0 off east\n"
            "open@1.0.0 east\nopen@2.0.0 default east\n");
}

TEST(EffectiveSettings, LetTheFileWin) {
  Documents documents;
  documents.add("filed", "1.0.0", {"west"});
  documents.add("filed", "2.0.0").is_default = true;
  EXPECT_EQ(documents.state(),
            "filed@1.0.0 default east\nfiled@2.0.0 east\nopen@1.0.0 east\n"
            "! version 1.0.0 of filed (id-1): the configuration file declares it too, and wins\n"
            "! version 2.0.0 of filed (id-2): the configuration file makes 1.0.0 the default, and "
            "wins\n");
}

TEST(EffectiveSettings, TurnInlineTargetsIntoNamedOnes) {
  Documents documents;
  ModelVersion& version = documents.add("open", "2.0.0", {"east"});
  version.targets.push_back({.name = {},
                             .url = "https://api.example.com/v1",
                             .model = "m",
                             .protocol = config::Protocol::anthropic,
                             .api_key_ref = "env:KEY",
                             .price = {1, 2}});
  const Effective effective =
      effective_settings(documents.file, documents.versions, {}, documents.secrets);
  EXPECT_EQ(effective.settings.routes.at("open").versions.at("2.0.0").targets,
            (std::vector<std::string>{"east", "version:id-1#1"}));
  config::Target expected;
  expected.url = "https://api.example.com/v1";
  expected.allow_private = false;
  expected.model = "m";
  expected.protocol = config::Protocol::anthropic;
  expected.api_key.value = "sk-value";
  expected.price = {1, 2};
  EXPECT_EQ(effective.settings.targets.at("version:id-1#1"), expected);
  EXPECT_TRUE(effective.warnings.empty());
}

TEST(EffectiveSettings, LeaveOutTargetsThatCannotBeUsed) {
  Documents documents;
  const auto inline_target = [](std::string url, std::string key) {
    return VersionTarget{.name = {},
                         .url = std::move(url),
                         .model = "m",
                         .protocol = config::Protocol::openai,
                         .api_key_ref = std::move(key),
                         .price = {}};
  };
  documents.add("open", "2.0.0", {"gone", "east", "east"});
  documents.add("open", "3.0.0", {"gone"}).is_default = true;
  documents.add("open", "4.0.0", {}).targets = {inline_target("http://h/v1", "env:NONE")};
  documents.add("open", "5.0.0", {}).targets = {inline_target("http://169.254.1.1/", "")};
  documents.add("open", "6.0.0", {});
  documents.file.targets["version:id-6#0"].url = "http://h/v1";
  documents.add("open", "7.0.0", {}).targets = {inline_target("http://h/v1", "")};
  documents.add("open", "8.0.0", {}).targets = {inline_target("http://h/v1", "env:OTHER")};
  const std::string state = documents.state();
  EXPECT_EQ(state.substr(0, state.find('!')), std::string(kFile) + "open@2.0.0 east\nopen@6.0.0\n");
  for (const char* part :
       {"2.0.0 of open (id-1): the configuration has no target `gone` any more; left out",
        "3.0.0 of open (id-2): none of its targets can be used; left out",
        "4.0.0 of open (id-3): The secret `env:NONE` cannot be had",
        "5.0.0 of open (id-4): the target's url must name another address: link-local and metadata",
        "6.0.0 of open (id-5): it has no target to send to",
        "8.0.0 of open (id-7): The secret `env:OTHER` may not be used here",
        "7.0.0 of open (id-6): none of its targets"}) {
    EXPECT_NE(state.find(part), std::string::npos) << part << "\nin\n" << state;
  }
  EXPECT_EQ(state.find("sk-value"), std::string::npos);
}

TEST(EffectiveSettings, PutTheRunningTestOnItsRoute) {
  Documents documents;
  documents.add("open", "2.0.0");
  documents.add_test("open", ExperimentStatus::draft, "1.0.0", "2.0.0");
  documents.add_test("open", ExperimentStatus::completed, "1.0.0", "2.0.0");
  const AbTest test = documents.add_test("open", ExperimentStatus::active, "1.0.0", "2.0.0");
  const Effective effective =
      effective_settings(documents.file, documents.versions, documents.tests, documents.secrets);
  const auto& experiment = effective.settings.routes.at("open").experiment;
  ASSERT_TRUE(experiment.has_value());
  EXPECT_EQ(experiment->name, to_string(test.id));
  EXPECT_EQ(experiment->status, ExperimentStatus::active);
  EXPECT_EQ(experiment->variants,
            (std::map<std::string, std::string>{{"a", "1.0.0"}, {"b", "2.0.0"}}));
  EXPECT_EQ(experiment->split, (std::map<std::string, double>{{"a", 25}, {"b", 75}}));
  ASSERT_EQ(effective.tests.size(), 1u);
  EXPECT_EQ(effective.tests.at("open").id, test.id);
  EXPECT_EQ(effective.tests.at("open").table, test.table);
  EXPECT_TRUE(effective.warnings.empty());
}

TEST(EffectiveSettings, KeepOneTestPerRoute) {
  const auto check = [](std::optional<ExperimentStatus> file, std::optional<ExperimentStatus> first,
                        std::optional<ExperimentStatus> second, std::string_view expected,
                        std::size_t warnings) {
    Documents documents;
    documents.add("open", "2.0.0");
    config::Experiment declared;
    declared.name = "of the file";
    declared.variants = {{"a", "1.0.0"}, {"b", "1.0.0"}};
    declared.split = {{"a", 50}, {"b", 50}};
    if (file) {
      declared.status = *file;
      documents.file.routes["open"].experiment = declared;
    }
    if (first) documents.add_test("open", *first, "1.0.0", "2.0.0").origin = Origin::api;
    if (second) documents.add_test("open", *second, "1.0.0", "2.0.0").origin = Origin::api;
    const Effective effective =
        effective_settings(documents.file, documents.versions, documents.tests, documents.secrets);
    const auto held = effective.tests.find("open");
    const std::string name = held != effective.tests.end()                     ? held->second.name
                             : effective.settings.routes.at("open").experiment ? "file"
                                                                               : "none";
    EXPECT_EQ(name, expected);
    EXPECT_EQ(effective.warnings.size(), warnings);
    Documents::check_routable(effective);
  };
  constexpr auto kActive = ExperimentStatus::active;
  constexpr auto kPaused = ExperimentStatus::paused;
  constexpr auto kDraft = ExperimentStatus::draft;
  check({}, {}, {}, "none", 0);
  check({}, kPaused, {}, "test 1", 0);
  check({}, kPaused, kActive, "test 2", 0);
  check({}, kActive, kPaused, "test 1", 1);
  check({}, kActive, kActive, "test 1", 1);
  check(kActive, kActive, {}, "file", 1);
  check(kActive, kPaused, {}, "file", 1);
  check(kPaused, kActive, {}, "test 1", 0);
  check(kPaused, kPaused, {}, "file", 1);
  check(kDraft, kPaused, {}, "test 1", 0);
  check(kDraft, kDraft, {}, "file", 0);
}

TEST(EffectiveSettings, LeaveOutTestsThatNoLongerMakeSense) {
  const auto check = [](auto change, std::string_view warning) {
    Documents documents;
    documents.add("open", "2.0.0");
    AbTest& test = documents.add_test("open", ExperimentStatus::active, "1.0.0", "2.0.0");
    change(documents, test);
    const std::string state = documents.state();
    EXPECT_EQ(state.find("open test"), std::string::npos) << state;
    EXPECT_NE(state.find(warning), std::string::npos) << state;
  };
  check([](Documents&, AbTest& test) { test.arms[1].version = "3.0.0"; },
        "version 3.0.0 of its variant `b` does not exist");
  check([](Documents& documents, AbTest&) { documents.versions[0].active = false; }, "inactive");
  check([](Documents& documents, AbTest&) { documents.versions[0].targets[0].name = "gone"; },
        "does not exist");
  check([](Documents&, AbTest& test) { test.model_type = "none"; }, "does not exist");
  check([](Documents&, AbTest& test) { test.table = nullptr; }, "without a slot table");
  check([](Documents&, AbTest& test) { test.arms.pop_back(); }, "fewer than two variants");
  check(
      [](Documents&, AbTest& test) {
        test.status = ExperimentStatus::paused;
        test.gave_way = true;
      },
      "");
}

TEST(EffectiveSettings, MirrorOnlyToVersionsThatTakeIt) {
  Documents documents;
  documents.add("open", "2.0.0");
  documents.add_test("open", ExperimentStatus::active, "1.0.0", "2.0.0").mirror = {"2.0.0", 0.5};
  const auto mirror = [&] {
    return effective_settings(documents.file, documents.versions, documents.tests,
                              documents.secrets)
        .settings.routes.at("open")
        .experiment->mirror;
  };
  ASSERT_TRUE(mirror().has_value());
  EXPECT_EQ(mirror()->share, 0.5);
  documents.tests[0].mirror->version = "9.0.0";
  EXPECT_FALSE(mirror().has_value());
}

}  // namespace
}  // namespace tallygate::registry
