#include "gateway/registry/experiments/ab_test_tick.h"

#include <gtest/gtest.h>

#include "gateway/registry/experiments/experiment_tables.h"
#include "gateway/registry/version_catalog.h"
#include "tests/gateway/registry/experiments/ab_test_kit.h"
#include "tests/support/memory_catalog.h"

namespace tallygate::registry {
namespace {

using config::ExperimentStatus;
using router::Guardrail;
using router::Look;

/// A catalog with tests and versions, and what control does with it each second.
struct Engine {
  testing::MemoryCatalog catalog;
  std::vector<ModelVersion> versions = some_versions();
  std::optional<Look> look;
  std::vector<std::string> log;

  void store(std::vector<store::DocumentWrite> writes, WallTime now) {
    store::Transaction transaction;
    transaction.writes = std::move(writes);
    transaction.now = now;
    const auto written = catalog.transact(transaction);
    ASSERT_TRUE(written) << written.error().message;
  }

  std::vector<AbTest> tests() const {
    std::vector<AbTest> tests;
    for (const auto& document : catalog.all(kAbTestKind).value()) {
      tests.push_back(ab_test_of(document).value());
    }
    return tests;
  }
  AbTest test(std::uint64_t number) const {
    return ab_test_of(catalog.find(kAbTestKind, to_string(test_id(number))).value()).value();
  }

  std::vector<TickMove> moves(WallTime now) const {
    const auto known = tests();
    TickInput input;
    input.tests = known;
    input.versions = versions;
    input.look_at = [this](const AbTest&) { return look; };
    input.promote = [this](const std::string& id) -> Result<std::vector<store::DocumentWrite>> {
      for (ModelVersion version : versions) {
        version.is_default = version.id == id;
        if (version.is_default) return std::vector{write_of(version)};
      }
      return make_error(Errc::not_found, "no such version");
    };
    input.now = now;
    return tick(input);
  }

  /// One tick, written; what it did, as text.
  std::string run(WallTime now) {
    std::string text;
    for (const TickMove& move : moves(now)) {
      store(move.writes, now);
      text += (text.empty() ? "" : "; ") + move.action + ": " + move.reason;
    }
    return text;
  }
};

AbTestRequest scheduled(std::optional<WallTime> start, std::optional<WallTime> end) {
  AbTestRequest request = some_request();
  request.start_date = start;
  request.end_date = end;
  return request;
}

Look passing() { return {Guardrail::pass, true, std::nullopt, false, 1000, "figures"}; }

TEST(AbTestTick, StartsAndEndsByTheSchedule) {
  Engine engine;
  engine.store({write_of(some_draft(1, scheduled(day(3), day(5))))}, day(1));
  EXPECT_EQ(engine.run(day(2)), "");
  EXPECT_EQ(engine.run(day(3)), "start: its start has come");
  EXPECT_EQ(engine.test(1).status, ExperimentStatus::active);
  EXPECT_EQ(engine.run(day(4)), "");
  EXPECT_EQ(engine.run(day(5)), "complete: its end has come");
  EXPECT_EQ(engine.test(1).end_reason, "endDate");
}

TEST(AbTestTick, DoesNothingTwiceWhenTheClockIsSetBack) {
  Engine engine;
  engine.store({write_of(some_draft(1, scheduled(day(3), day(5))))}, day(1));
  EXPECT_EQ(engine.run(day(3)), "start: its start has come");
  EXPECT_EQ(engine.run(day(2)), "");
  EXPECT_EQ(engine.run(day(3)), "");
  EXPECT_EQ(engine.run(day(6)), "complete: its end has come");
  for (int number : {1, 3, 5, 7}) EXPECT_EQ(engine.run(day(number)), "");
  EXPECT_EQ(engine.test(1).ended, day(6));
}

TEST(AbTestTick, LeavesADraftWhoseStartLayBehindWhenItWasSet) {
  Engine engine;
  engine.store({write_of(some_draft(1, scheduled(day(0), std::nullopt)))}, day(1));
  EXPECT_EQ(engine.run(day(9)), "");
}

TEST(AbTestTick, StartsTwoOfAModelTypeOneAfterTheOther) {
  Engine engine;
  engine.store({write_of(some_draft(1, scheduled(day(3), std::nullopt))),
                write_of(some_draft(2, scheduled(day(3), std::nullopt)))},
               day(1));
  EXPECT_EQ(engine.run(day(4)), "start: its start has come; start: its start has come");
  EXPECT_EQ(engine.test(1).status, ExperimentStatus::paused);
  EXPECT_EQ(engine.test(2).status, ExperimentStatus::active);
}

TEST(AbTestTick, CancelsWhatCannotStart) {
  Engine engine;
  engine.store({write_of(some_draft(1, scheduled(day(3), std::nullopt)))}, day(1));
  engine.versions[1].active = false;
  EXPECT_EQ(engine.run(day(3)),
            "cancel: could not start: The versions of a test are active: `2.0.0` is not.");
  EXPECT_EQ(engine.run(day(4)), "");
}

TEST(AbTestTick, RampsStageByStage) {
  Engine engine;
  AbTestRequest request = some_request();
  request.criteria.rollout = {1, 50, 100};
  engine.store({write_of(some_active(1, request))}, day(2));
  EXPECT_EQ(engine.run(day(3)), "") << "nothing is known yet";
  engine.look = passing();
  EXPECT_EQ(engine.run(day(3)), "next stage: all limits hold: on to 50 %");
  EXPECT_EQ(engine.run(day(4)), "next stage: all limits hold: on to 100 %");
  EXPECT_EQ(engine.run(day(5)), "");
  EXPECT_DOUBLE_EQ(engine.test(1).coverage, 1);
  EXPECT_EQ(engine.test(1).epochs.size(), 3U);
}

TEST(AbTestTick, RollsBackOnceWithTheEvidence) {
  Engine engine;
  engine.store({write_of(some_active())}, day(2));
  engine.look = Look{Guardrail::fail, false, std::nullopt, false, 10, "9 errors in 10"};
  EXPECT_EQ(engine.run(day(3)), "roll back: 9 errors in 10");
  EXPECT_EQ(engine.run(day(3)), "");
  const AbTest test = engine.test(1);
  EXPECT_EQ(test.status, ExperimentStatus::cancelled);
  EXPECT_EQ(test.end_reason, "rollback: 9 errors in 10");
  EXPECT_EQ(test.coverage, 0);
  EXPECT_TRUE(experiment_tables(engine.tests()).empty());
}

TEST(AbTestTick, PromotesTheWinnerOfARolloutInTheSameTransaction) {
  Engine engine;
  AbTestRequest request = some_request();
  request.criteria.rollout = {100};
  request.criteria.auto_complete = true;
  engine.store({write_of(some_active(1, request))}, day(2));
  engine.look = passing();
  engine.look->winner = 1;
  const auto moves = engine.moves(day(3));
  ASSERT_EQ(moves.size(), 1U);
  EXPECT_EQ(moves[0].writes.size(), 2U);
  EXPECT_EQ(engine.run(day(3)), "complete: auto_complete");
  EXPECT_EQ(engine.test(1).winner, "b");
  EXPECT_TRUE(engine.test(1).promoted);
  EXPECT_TRUE(model_version_of(engine.catalog.find(kModelVersionKind, "v2.0.0").value())
                  .value()
                  .is_default);
}

TEST(AbTestTick, CompletesAPlainTestWithoutPromoting) {
  Engine engine;
  AbTestRequest request = some_request();
  request.criteria.auto_complete = true;
  engine.store({write_of(some_active(1, request))}, day(2));
  engine.look = passing();
  engine.look->winner = 1;
  EXPECT_EQ(engine.run(day(3)), "complete: auto_complete");
  EXPECT_FALSE(engine.test(1).promoted);
}

// A crash between two writes: some moves of a tick are written, the others are not, and each is one
// transaction. The next tick ends where an unbroken one does.
TEST(AbTestTick, EndsInTheSameStateAfterACrashBetweenAnyTwoWrites) {
  const auto made = [] {
    auto engine = std::make_unique<Engine>();
    AbTestRequest other = scheduled(day(3), std::nullopt);
    AbTest running = some_active(1, scheduled(std::nullopt, day(4)));
    running.model_type = "elsewhere";
    engine->store({write_of(running), write_of(some_active(2)), write_of(some_draft(3, other))},
                  day(2));
    return engine;
  };
  const auto state = [](const Engine& engine) {
    std::string text;
    for (const AbTest& test : engine.tests()) text += to_body(test) + "\n";
    return text;
  };
  const auto whole = made();
  EXPECT_EQ(whole->run(day(5)), "complete: its end has come; start: its start has come");
  EXPECT_EQ(whole->run(day(5)), "");
  for (std::size_t survived = 0; survived <= 2; ++survived) {
    const auto broken = made();
    const auto moves = broken->moves(day(5));
    for (std::size_t i = 0; i < survived; ++i) broken->store(moves[i].writes, day(5));
    broken->run(day(5));
    EXPECT_EQ(state(*broken), state(*whole)) << survived;
  }
}

TEST(AbTestTick, WritesNothingOntoARevisionThatHasChanged) {
  Engine engine;
  engine.store({write_of(some_draft(1, scheduled(day(3), std::nullopt)))}, day(1));
  const auto moves = engine.moves(day(3));
  AbTest renamed = engine.test(1);
  renamed.name = "another";
  engine.store({write_of(renamed)}, day(3));
  store::Transaction stale;
  stale.writes = moves.at(0).writes;
  EXPECT_EQ(engine.catalog.transact(stale).error().code, Errc::precondition_failed);
  EXPECT_EQ(engine.run(day(3)), "start: its start has come");
  EXPECT_EQ(engine.test(1).name, "another");
}

}  // namespace
}  // namespace tallygate::registry
