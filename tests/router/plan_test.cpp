#include "router/plan.h"

#include <gtest/gtest.h>

#include "tests/router/fixture.h"

namespace tallygate::router {
namespace {

using namespace std::chrono_literals;

const SteadyTime kNow = Gate::now;

constexpr std::uint64_t kHalfway = std::uint64_t{1} << 63;

TEST(ResolveModel, TriesTheWholeNameThenAtThenColon) {
  config::Settings settings;
  settings.targets["t"] = {};
  for (const char* route : {"m", "m@1", "m:1", "n@x", "n:a"}) {
    settings.routes[route].versions = {{"1", version_on({"t"}, true)}, {"b@1", version_on({"t"})}};
  }
  TestNames names;
  const auto snapshot = build_snapshot(settings, 1, names.naming());
  const auto check = [&](std::string_view model, const std::string& expected) {
    const auto resolved = resolve_model(*snapshot, model);
    ASSERT_TRUE(resolved) << model << ": " << resolved.error().message;
    const std::string version =
        resolved->version == kNoIndex ? "" : names.text(snapshot->versions[resolved->version].name);
    EXPECT_EQ(names.text(snapshot->routes[resolved->route].name) + " " + version, expected)
        << model;
  };
  check("m", "m ");
  check("m@1", "m@1 ");
  check("m:1", "m:1 ");
  check("m@1@1", "m@1 1");
  check("m:1:1", "m:1 1");
  check("n@x@1", "n@x 1");
  check("n@x:1", "n@x 1");
  check("n:a@1", "n:a 1");
  check("m:b@1", "m b@1");
}

TEST(ResolveModel, RefusesWhatIsNotThere) {
  config::Settings settings = small_settings();
  settings.routes["chat"].versions["2"].active = false;
  TestNames names;
  const auto snapshot = build_snapshot(settings, 1, names.naming());
  const auto check = [&](std::string_view model, const std::string& expected) {
    const auto resolved = resolve_model(*snapshot, model);
    ASSERT_FALSE(resolved) << model;
    EXPECT_EQ(resolved.error().code, Errc::model_not_found);
    EXPECT_EQ(resolved.error().param, "model");
    EXPECT_EQ(resolved.error().message, expected);
  };
  check("x", "the model `x` does not exist; see GET /v1/models");
  check("", "the model `` does not exist; see GET /v1/models");
  check("Chat", "the model `Chat` does not exist; see GET /v1/models");
  check("chat ", "the model `chat ` does not exist; see GET /v1/models");
  check("@1", "the model `@1` does not exist; see GET /v1/models");
  check(std::string_view("chat\0", 5),
        std::string("the model `chat\0` does not exist; see GET /v1/models", 52));
  check("chat@", "the model `chat@` names a version that does not exist; see GET /v1/models");
  check("chat:3", "the model `chat:3` names a version that does not exist; see GET /v1/models");
  check("chat@2", "the model `chat@2` is a version that is not active; see GET /v1/models");
}

TEST(ResolveModel, QuotesAtMostAHundredBytesAndWholeCharacters) {
  const Snapshot empty;
  const auto check = [&](const std::string& model, const std::string& quoted) {
    EXPECT_EQ(resolve_model(empty, model).error().message,
              "the model `" + quoted + "` does not exist; see GET /v1/models");
  };
  const std::string a99(99, 'a');
  check(a99 + "b", a99 + "b");
  check(a99 + "bc", a99 + "b...");
  check(a99 + "\xc3\xa9", a99 + "...");
  check(a99 + "\xf0\x9f\x98\x80", a99 + "...");
  check(std::string(10'000, '\x80'), std::string(96, '\x80') + "...");
}

TEST(PlanRoute, UsesTheDefaultVersionThenTheFallbacks) {
  Gate gate;
  EXPECT_EQ(gate.text(gate.plan("chat")), "1: t1 t9");
  EXPECT_EQ(gate.text(gate.plan("chat@2")), "2: t2 t3 t9");
  EXPECT_EQ(gate.text(gate.plan("spare")), "9: t9");
}

TEST(PlanRoute, NamesRouteVersionAndTimeoutsOfTheRequestAndOfEachCandidate) {
  Gate gate;
  gate.settings.routes["chat"].timeouts = config::Timeouts{};
  const auto plan = gate.plan("chat");
  ASSERT_TRUE(plan);
  EXPECT_EQ(gate.names.text(plan->route), "chat");
  EXPECT_EQ(plan->timeouts, 1U);
  const Candidate& fallback = plan->candidates[1];
  EXPECT_EQ(gate.names.text(fallback.route), "spare");
  EXPECT_EQ(gate.names.text(fallback.version), "9");
  EXPECT_EQ(fallback.slot, gate.names.slots.at("t9"));
}

TEST(PlanRoute, LeavesOutTargetsThatCameBefore) {
  Gate gate;
  gate.settings.routes["chat"].fallbacks = {"chat@1", "chat@2", "chat", "spare", "chat@2"};
  EXPECT_EQ(gate.text(gate.plan("chat@2")), "2: t2 t3 t1 t9");
}

TEST(PlanRoute, StopsAtTheMostTargetsOfAPlan) {
  Gate gate;
  std::vector<std::string> targets;
  for (int i = 0; i < 6; ++i) {
    targets.push_back("x" + std::to_string(i));
    gate.settings.targets[targets.back()] = {};
  }
  gate.settings.routes["many"].versions = {{"1", version_on(targets, true)}};
  gate.settings.routes["many"].fallbacks = {"chat", "chat@2", "spare"};
  EXPECT_EQ(gate.text(gate.plan("many")), "1: x0 x1 x2 x3 x4 x5 t1 t2");
}

TEST(PlanRoute, LetsEveryTargetOfACrowdedVersionLead) {
  Gate gate;
  std::vector<std::string> targets;
  for (int i = 0; i < 20; ++i) {
    targets.push_back("x" + std::to_string(i));
    gate.settings.targets[targets.back()] = {};
  }
  gate.settings.routes["many"].versions = {{"1", version_on(targets, true)}};
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto plan = gate.plan("many", "", UINT64_MAX / 20 * i + 1000);
    EXPECT_EQ(gate.names.text(plan->candidates[0].target), "x" + std::to_string(i));
    EXPECT_EQ(plan->candidate_count, kMaxPlanTargets);
  }
}

TEST(PlanRoute, SpreadsTheFirstPickOverHealthyTargetsOfOneVersion) {
  Gate gate;
  const auto check = [&](std::uint64_t dice, const std::string& expected) {
    EXPECT_EQ(gate.text(gate.plan("chat@2", "", dice)), expected) << dice;
  };
  check(0, "2: t2 t3 t9");
  check(kHalfway - 1, "2: t2 t3 t9");
  check(kHalfway, "2: t3 t2 t9");
  check(UINT64_MAX, "2: t3 t2 t9");
  gate.bench("t2", kNow + 1s);
  check(0, "2: t3 t9");
  check(UINT64_MAX, "2: t3 t9");
  gate.bench("t3", kNow + 1s);
  check(UINT64_MAX, "2: t9");
}

TEST(PlanRoute, NeverSpreadsOverVersionsThatShareAName) {
  Gate gate;
  gate.settings.routes["spare"].versions = {{"1", version_on({"t9"}, true)}};
  EXPECT_EQ(gate.text(gate.plan("chat", "", UINT64_MAX)), "1: t1 t9");
}

TEST(PlanRoute, LeavesBenchedTargetsOutUntilTheyExpire) {
  Gate gate;
  gate.bench("t1", kNow + 1ns);
  EXPECT_EQ(gate.text(gate.plan("chat")), "1: t9");
  gate.bench("t1", kNow);
  EXPECT_EQ(gate.text(gate.plan("chat")), "1: t1 t9");
}

TEST(PlanRoute, TriesTheBenchThatExpiresFirstWhenAllAreBenched) {
  Gate gate;
  gate.bench("t2", kNow + 3s);
  gate.bench("t3", kNow + 2s);
  gate.bench("t9", kNow + 1s);
  EXPECT_EQ(gate.text(gate.plan("chat@2", "", UINT64_MAX)), "2: t9 t2 t3 (degraded)");
  gate.bench("t3", kNow + 1ms);
  EXPECT_EQ(gate.text(gate.plan("chat@2")), "2: t3 t2 t9 (degraded)");
  gate.bench("t2", kNow + 1ms);
  EXPECT_EQ(gate.text(gate.plan("chat@2")), "2: t2 t3 t9 (degraded)");
}

TEST(PlanRoute, KeepsARecoveringTargetInItsPlaceUnlessSomebodyTriesIt) {
  Gate gate;
  gate.plan("chat");
  struct Board {
    TargetSlot slot;
    HealthState state;
  } board{gate.names.slot("t1"), {kNow - 1s, 3}};
  const HealthView view{&board, [](const void* given, TargetSlot slot) {
                          const auto& known = *static_cast<const Board*>(given);
                          return slot == known.slot ? known.state : HealthState{};
                        }};
  const auto plan = [&] {
    RequestFacts facts;
    facts.model = "chat";
    return gate.text(plan_route(*gate.snapshot, view, facts, kNow, 0));
  };
  EXPECT_EQ(plan(), "1: t1 t9");
  board.state.on_trial = true;
  EXPECT_EQ(plan(), "1: t9");
  board.state = {{}, 0, kNow + 1s};
  EXPECT_EQ(plan(), "1: t9") << "it asked to be left alone";
}

TEST(PlanRoute, TreatsEveryTargetAsHealthyWithoutABoard) {
  Gate gate;
  gate.plan("chat");
  RequestFacts facts;
  facts.model = "chat";
  EXPECT_EQ(gate.text(plan_route(*gate.snapshot, {}, facts, SteadyTime::min(), 0)), "1: t1 t9");
}

TEST(PlanRoute, SkipsTargetsOfAnotherProtocol) {
  Gate gate;
  gate.settings.routes["chat"].fallbacks = {"claude", "spare"};
  using enum config::Protocol;
  EXPECT_EQ(gate.text(gate.plan("chat", "", 0, openai)), "1: t1 t9");
  EXPECT_EQ(gate.text(gate.plan("chat", "", 0, anthropic)), "1: t7");
}

TEST(PlanRoute, SaysWhyThereIsNoPlan) {
  Gate gate;
  gate.settings.routes["bare"].versions = {{"1", version_on({"t1"})}};
  gate.settings.routes["asleep"].versions = {{"1", version_on({"t1"}, true)}};
  gate.settings.routes["asleep"].versions["1"].active = false;
  gate.settings.routes["hollow"].versions = {{"1", version_on({}, true)}};
  const auto check = [&](std::string_view model, config::Protocol protocol, Errc code,
                         const std::string& message) {
    const auto plan = gate.plan(model, "user", 0, protocol);
    ASSERT_FALSE(plan) << model;
    EXPECT_EQ(plan.error().code, code) << model;
    EXPECT_EQ(plan.error().message, message);
    EXPECT_EQ(plan.error().param, "model");
  };
  using enum config::Protocol;
  check("nope", openai, Errc::model_not_found,
        "the model `nope` does not exist; see GET /v1/models");
  check("bare", openai, Errc::model_not_found,
        "the model `bare` has no default version; name one as model@version");
  check("asleep", openai, Errc::model_not_found,
        "the model `asleep` is served by a version that is not active");
  check("claude", openai, Errc::protocol_mismatch,
        "the model `claude` has no target that speaks the OpenAI protocol; send it to POST "
        "/v1/messages");
  check("chat", anthropic, Errc::protocol_mismatch,
        "the model `chat` has no target that speaks the Anthropic protocol; send it to POST "
        "/v1/chat/completions");
  check("hollow", openai, Errc::no_healthy_upstream, "the model `hollow` has no target");
}

}  // namespace
}  // namespace tallygate::router
