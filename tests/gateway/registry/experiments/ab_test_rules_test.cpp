#include "gateway/registry/experiments/ab_test_rules.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "router/experiment/lifecycle.h"
#include "tests/gateway/registry/experiments/ab_test_kit.h"

namespace tallygate::registry {
namespace {

using enum config::ExperimentStatus;

/// "422 param: message" or "ok".
template <class T>
std::string text_of(const Result<T>& result) {
  if (result) return "ok";
  const Error& error = result.error();
  return std::to_string(traits_of(error.code).status) + " " + error.param + ": " + error.message;
}

std::ptrdiff_t slots_of(const AbTest& test, int arm) {
  return std::count(test.table->begin(), test.table->end(), arm);
}

TEST(AbTestRules, MakesADraftOfVersionsOrTheirIds) {
  const AbTest by_version = some_draft();
  EXPECT_EQ(by_version.status, draft);
  EXPECT_EQ(by_version.arms[1].version_id, "v2.0.0");
  AbTestRequest request = some_request();
  request.model_type.clear();
  request.arms = {{"a", "", 0.25, "v1.0.0"}, {"b", "", 0.75, "v3.0.0"}};
  const AbTest by_id = some_draft(1, request);
  EXPECT_EQ(by_id.model_type, "chat");
  EXPECT_EQ(by_id.arms[1].version, "3.0.0");
}

TEST(AbTestRules, PutsControlFirst) {
  AbTestRequest request = some_request();
  std::swap(request.arms[0], request.arms[1]);
  EXPECT_EQ(some_draft(1, request).arms[0].name, "a");
}

TEST(AbTestRules, NamesTheRuleThatARequestBreaks) {
  const auto check = [](std::vector<Arm> arms, std::string_view expected) {
    AbTestRequest request = some_request();
    request.arms = std::move(arms);
    EXPECT_EQ(text_of(make_ab_test(request, some_versions(), test_id(1), day(1))), expected);
  };
  check({{"a", "1.0.0", 1}}, "422 variants: A test compares from 2 to 16 variants.");
  check({{"a", "1.0.0", 0.5}, {"b", "1.0.0", 0.5}},
        "422 variant_b: The versions of a test differ: variants `a` and `b` both have 1.0.0.");
  check({{"a", "1.0.0", 0.5}, {"b", "7.7.7", 0.5}},
        "422 variant_b: The versions of a test exist: there is no version `7.7.7` of `chat`.");
  check({{"a", "1.0.0", 0.5}, {"b", "", 0.5, "nowhere"}},
        "422 variant_b: The versions of a test exist: there is no version `nowhere`.");
  check({{"a", "1.0.0", 0.5}, {"b", "4.0.0", 0.5}},
        "422 variant_b: The versions of a test are active: `4.0.0` is not.");
  check({{"a", "1.0.0", 0.5}, {"b", "", 0.5, "v9.0.0"}},
        "422 variant_b: The versions of a test are of one model type: `9.0.0` is of `other`, not "
        "of `chat`.");
  check({{"a", "1.0.0", 0.5}, {"b", "2.0.0", 0.6}},
        "422 traffic_split: The traffic split sums to 1.0 (100 percent).");
  check({{"a", "1.0.0", 1.5}, {"b", "2.0.0", -0.5}},
        "422 traffic_split: The traffic split of every variant is within 0 and 1 (0 and 100 "
        "percent).");
  check({{"a", "1.0.0", 0.5}, {"B", "2.0.0", 0.5}},
        "422 variants: The name of a variant is of a-z, 0-9 and _, and begins with a letter.");
  check({{"a", "1.0.0", 0.5}, {"a", "2.0.0", 0.5}},
        "422 variants: The names of the variants differ: `a` is twice.");
}

TEST(AbTestRules, WantsTheEndAhead) {
  const auto check = [](std::optional<WallTime> start, WallTime end, std::string_view expected) {
    AbTestRequest request = some_request();
    request.start_date = start;
    request.end_date = end;
    EXPECT_EQ(text_of(make_ab_test(request, some_versions(), test_id(1), day(5))), expected);
  };
  check(day(6), day(7), "ok");
  check(std::nullopt, day(5), "422 end_date: The end of a test is in the future.");
  check(day(7), day(7), "422 end_date: The end of a test is after its start.");
}

TEST(AbTestRules, SchedulesOnlyAStartThatLiesAhead) {
  AbTestRequest request = some_request();
  request.start_date = day(1);
  EXPECT_FALSE(some_draft(1, request).scheduled);
  request.start_date = day(2);
  EXPECT_TRUE(some_draft(1, request).scheduled);
}

TEST(AbTestRules, StartsWithATableAndEpochOne) {
  const AbTest test = some_active(1, some_request(0.7));
  EXPECT_EQ(test.status, active);
  EXPECT_EQ(test.started, day(2));
  EXPECT_EQ(slots_of(test, 0), 7000);
  EXPECT_EQ(slots_of(test, 1), 3000);
  ASSERT_EQ(test.epochs.size(), 1U);
  EXPECT_EQ(test.epochs[0].number, 1U);
  EXPECT_EQ(test.epochs[0].weights, (std::vector{0.7, 1 - 0.7}));
}

TEST(AbTestRules, StartsARolloutAtItsFirstStage) {
  AbTestRequest request = some_request();
  request.criteria.rollout = {2, 100};
  const AbTest test = some_active(1, request);
  EXPECT_EQ(slots_of(test, 0), 100);
  EXPECT_EQ(slots_of(test, 1), 100);
  const AbTest next = after_stage(test, 1, day(4)).value();
  EXPECT_EQ(slots_of(next, 1), 5000);
  EXPECT_EQ(next.epochs.back().number, 2U);
}

TEST(AbTestRules, ResumesBitIdenticallyInAnotherEpoch) {
  const AbTest before = some_active();
  const AbTest at_rest = after_pause(before).value();
  EXPECT_EQ(at_rest.epochs.size(), 1U);
  const AbTest after = after_start(at_rest, {}, some_versions(), day(9)).value().test;
  EXPECT_EQ(*after.table, *before.table);
  EXPECT_EQ(*after.home, *before.home);
  EXPECT_EQ(after.started, day(2));
  EXPECT_EQ(after.epochs.back().number, 2U);
}

TEST(AbTestRules, LetsTheRunningTestGiveWay) {
  const AbTest running = some_active(1);
  const AbTest resting = after_pause(some_active(2)).value();
  const AbTest others[] = {running, resting, some_draft(3)};
  const AbTestMove move = after_start(some_draft(4), others, some_versions(), day(5)).value();
  EXPECT_EQ(move.paused, std::vector{running.id});
  ASSERT_EQ(move.others.size(), 2U);
  for (const AbTest& other : move.others) {
    EXPECT_EQ(other.status, config::ExperimentStatus::paused);
    EXPECT_TRUE(other.gave_way);
  }
  EXPECT_FALSE(after_start(move.others[0], {}, some_versions(), day(6)).value().test.gave_way);
}

TEST(AbTestRules, RefusesToStartOverARunningTestOfTheFile) {
  AbTest running = some_active(1);
  running.origin = Origin::config;
  EXPECT_EQ(text_of(after_start(some_draft(2), std::vector{running}, some_versions(), day(5))),
            "409 status: The test `shorter prompt` of the configuration file runs on `chat`: pause "
            "or end it there first.");
  running.status = config::ExperimentStatus::paused;
  EXPECT_TRUE(after_start(some_draft(2), std::vector{running}, some_versions(), day(5)));
}

TEST(AbTestRules, ChecksTheVersionsAgainWhenATestStarts) {
  auto versions = some_versions();
  versions[1].active = false;
  EXPECT_EQ(text_of(after_start(some_draft(), {}, versions, day(5))),
            "422 variant_b: The versions of a test are active: `2.0.0` is not.");
}

TEST(AbTestRules, NeverRunsAnEndedTestAgain) {
  for (const AbTest& test : {after_cancel(some_active(), "x", day(3)).value(),
                             after_complete(some_active(), "a", false, "x", day(3)).value()}) {
    const std::string expected = "409 status: The test is " +
                                 std::string(router::to_string(test.status)) +
                                 ", which is final: make a new test to run it again.";
    EXPECT_EQ(text_of(after_start(test, {}, some_versions(), day(5))), expected);
    EXPECT_EQ(text_of(after_pause(test)), expected);
    EXPECT_EQ(text_of(after_cancel(test, "y", day(6))), expected);
    EXPECT_EQ(text_of(after_complete(test, "", false, "y", day(6))), expected);
  }
}

TEST(AbTestRules, CompletesWithAWinnerThatMayBePromoted) {
  const auto check = [](std::string_view winner, bool promote, std::string_view expected,
                        std::string_view promoted) {
    const auto test = after_complete(some_active(), winner, promote, "who", day(3));
    EXPECT_EQ(text_of(test), expected);
    if (!test) return;
    EXPECT_EQ(test->status, config::ExperimentStatus::completed);
    EXPECT_EQ(test->ended, day(3));
    EXPECT_EQ(test->end_reason, "who");
    EXPECT_EQ(test->table, nullptr);
    EXPECT_EQ(promoted_version(*test), promoted);
  };
  check("b", true, "ok", "v2.0.0");
  check("b", false, "ok", "");
  check("tie", false, "ok", "");
  check("", false, "ok", "");
  check("c", false, "422 winner: The winner of a test is one of its variants or a tie.", "");
  check("tie", true, "422 promote: Only a variant that won can be promoted: name it as the winner.",
        "");
}

TEST(AbTestRules, SplitsARunningTestAnewInAnotherEpoch) {
  const AbTest before = some_active(1, some_request(0.8));
  AbTestPatch patch;
  patch.arms = before.arms;
  (*patch.arms)[0].weight = 0.5;
  (*patch.arms)[1].weight = 0.5;
  const AbTest after = after_patch(before, patch, some_versions(), day(4)).value();
  EXPECT_EQ(slots_of(after, 0), 5000);
  EXPECT_EQ(after.epochs.back().number, 2U);
  EXPECT_EQ(after.epochs.back().weights, (std::vector{0.5, 0.5}));
  std::uint32_t moved = 0;
  for (std::size_t i = 0; i < before.table->size(); ++i) {
    moved += (*before.table)[i] != (*after.table)[i] ? 1 : 0;
  }
  EXPECT_EQ(moved, 3000U);
  EXPECT_DOUBLE_EQ(preview(before, std::vector{0.5, 0.5}).value(), 0.3);
  EXPECT_EQ(after_patch(after, patch, some_versions(), day(5)).value().epochs.size(), 2U);
}

TEST(AbTestRules, ChangesOnlyWhatTheStateAllows) {
  const auto check = [](const AbTest& test, const AbTestPatch& patch, std::string_view expected) {
    EXPECT_EQ(text_of(after_patch(test, patch, some_versions(), day(4))), expected);
  };
  AbTestPatch versions;
  versions.arms = std::vector<Arm>{{"a", "1.0.0", 0.5}, {"b", "3.0.0", 0.5}};
  check(some_draft(), versions, "ok");
  check(some_active(), versions,
        "409 variants: The test is active; its versions can change only while it is a draft.");
  AbTestPatch start;
  start.start_date = day(9);
  check(some_draft(), start, "ok");
  check(some_active(), start,
        "409 start_date: The test has started; its start can change only while it is a draft.");
  AbTestPatch criteria;
  criteria.criteria.emplace().rollout = {5, 100};
  check(some_draft(), criteria, "ok");
  check(some_active(), criteria,
        "409 criteria.rollout: The test has started; its rollout can change only while it is a "
        "draft.");
  check(after_cancel(some_active(), "x", day(3)).value(), criteria,
        "409 status: The test is cancelled, which is final: only its name, description, scores "
        "and winner can change.");
  AbTestPatch winner;
  winner.winner = "b";
  winner.score_a = 0.5;
  check(some_draft(), winner, "409 winner: The test is draft and has no winner.");
  check(some_active(), winner, "ok");
  check(after_complete(some_active(), "", false, "x", day(3)).value(), winner, "ok");
}

TEST(AbTestRules, LeavesTestsOfTheFileToTheFile) {
  AbTest test = some_active();
  test.origin = Origin::config;
  EXPECT_EQ(text_of(after_patch(test, {}, some_versions(), day(4))),
            "409 origin: The test `shorter prompt` is declared in the configuration file, under "
            "routes.chat.experiment: change it there.");
}

TEST(AbTestRules, BoundsTheEpochs) {
  AbTest test = some_active();
  test.epochs.resize(kMaxEpochs);
  test.status = config::ExperimentStatus::paused;
  EXPECT_EQ(text_of(after_start(test, {}, some_versions(), day(5))).substr(0, 40),
            "409 status: The test has changed 1000 ti");
}

TEST(AbTestRules, LetsTheCatalogGuardTheOneActiveTest) {
  const store::DocumentWrite write = write_of(some_active());
  EXPECT_EQ(write.unique_keys, std::vector<std::string>{"active=chat"});
  EXPECT_EQ(write.index_keys, (std::vector<std::string>{"modelType=chat", "status=active"}));
  EXPECT_EQ(write.expected_revision, 0U);
  EXPECT_TRUE(write_of(some_draft()).unique_keys.empty());
}

TEST(AbTestRules, PreviewsADraftAgainstItsOwnSplit) {
  EXPECT_DOUBLE_EQ(preview(some_draft(1, some_request(0.9)), std::vector{0.5, 0.5}).value(), 0.4);
  EXPECT_EQ(text_of(preview(some_draft(), std::vector{1.0})),
            "422 split: A split has a share for each of the test's 2 variants.");
}

}  // namespace
}  // namespace tallygate::registry
