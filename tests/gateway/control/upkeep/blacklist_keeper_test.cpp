#include "gateway/control/upkeep/blacklist_keeper.h"

#include <gtest/gtest.h>

#include "tests/support/memory_catalog.h"

namespace tallygate {
namespace {

using namespace std::chrono_literals;
using Kind = HealthNews::Kind;

const Moment kNow{SteadyTime{} + 1000h, WallTime{1'795'248'000s}};
constexpr router::TargetSlot kSlot = 1;

Moment later(SteadyTime::duration by) {
  return {kNow.steady + by, kNow.wall + std::chrono::duration_cast<std::chrono::microseconds>(by)};
}

/// A board with the target `one` in kSlot, a catalog and a feed that outlive the keeper.
struct Gate {
  HealthBoard health;
  store::Names names;
  testing::MemoryCatalog catalog;
  EventFeed events{kNow.wall};
  router::NameId one = names.intern("one");
  BlacklistKeeper::Slots slots{{one, kSlot}};
  BlacklistKeeper keeper{{health, names, catalog, events, [this] { return slots; }}};
  config::Blacklist rules;
  EventFeed::Subscription feed = *events.subscribe(std::nullopt, [] {});

  Gate() {
    for (const router::TargetSlot slot : {0, 1, 2}) health.ensure(slot);
    health.news.listen([] {});
    keeper.restore(kNow);
  }

  std::shared_ptr<std::atomic<bool>> fail(Moment when, int times = 1) {
    for (int i = 1; i < times; ++i) health.failed(kSlot, when.steady, when.steady, rules);
    HealthNews news{.kind = Kind::benched, .slot = kSlot, .target = one};
    if (!health.failed(kSlot, when.steady, when.steady, rules)) return nullptr;
    const auto state = health.state(kSlot);
    news.evidence = {Errc::upstream_status, 503, Uuid{}, when.wall, state.failures_in_row};
    news.benched_until = state.benched_until;
    news.written = std::make_shared<std::atomic<bool>>(false);
    health.news.push(news);
    return news.written;
  }
  void report(Kind kind) { health.news.push({.kind = kind, .slot = kSlot, .target = one}); }

  std::optional<api::Blacklisting> stored() {
    const auto document = catalog.find(api::kBlacklistingKind, "one");
    if (!document) return std::nullopt;
    return *api::blacklisting_of(*document);
  }
  void bench_by_hand(WallTime until) {
    api::Blacklisting told;
    told.target = "one";
    told.until = until;
    told.by = "ann";
    told.by_hand = true;
    store::Transaction transaction;
    transaction.writes.push_back(
        {std::string(api::kBlacklistingKind), "one", api::render_blacklisting(told), {}, {}, {}});
    ASSERT_TRUE(catalog.transact(transaction));
  }
  std::string told() {
    std::string all;
    for (const FeedEvent& event : events.read(feed).events) all += event.name + ' ';
    return all;
  }
  std::size_t writes() { return catalog.audit({})->size(); }
};

TEST(BlacklistKeeper, WritesABenchBeforeItSaysSo) {
  Gate gate;
  const auto written = gate.fail(kNow, 3);
  ASSERT_NE(written, nullptr);
  EXPECT_FALSE(*written);
  gate.keeper.follow(later(10ms));
  EXPECT_TRUE(*written);
  const auto stored = gate.stored();
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->until, kNow.wall + 1h);
  EXPECT_EQ(stored->failures_in_row, 3U);
  EXPECT_EQ(stored->by, "tallygate");
  EXPECT_FALSE(stored->by_hand);
  EXPECT_EQ(stored->reason, "3 failures in a row, the last: upstream_status (status 503)");
  ASSERT_TRUE(stored->evidence);
  EXPECT_EQ(stored->evidence->status, 503);
  EXPECT_EQ(stored->evidence->at, kNow.wall);
  EXPECT_EQ(gate.told(), "target.benched ");
}

TEST(BlacklistKeeper, WritesOncePerBenchRecoveryAndPardon) {
  Gate gate;
  gate.fail(kNow, 3);
  gate.keeper.follow(kNow);
  for (int i = 0; i < 5; ++i) gate.keeper.tick(later(1s * i));
  EXPECT_EQ(gate.writes(), 1U);
  gate.fail(later(2h));
  gate.keeper.follow(later(2h));
  EXPECT_EQ(gate.writes(), 2U);
  EXPECT_EQ(gate.stored()->until, kNow.wall + 4h);
  EXPECT_TRUE(gate.health.succeeded(kSlot, later(4h).steady));
  gate.report(Kind::recovered);
  gate.keeper.follow(later(4h));
  EXPECT_EQ(gate.writes(), 3U);
  EXPECT_FALSE(gate.stored());
  EXPECT_EQ(gate.told(), "target.benched target.benched target.recovered ");
}

TEST(BlacklistKeeper, EndsAsTheBoardDoesWhenNewsCrossEachOther) {
  Gate gate;
  gate.fail(kNow, 3);
  gate.health.pardon(kSlot);
  gate.report(Kind::changed);
  gate.keeper.follow(kNow);
  EXPECT_FALSE(gate.stored());
  gate.report(Kind::recovered);
  gate.fail(later(1s), 3);
  gate.report(Kind::changed);
  gate.keeper.follow(later(1s));
  ASSERT_TRUE(gate.stored());
  EXPECT_TRUE(gate.stored()->evidence) << "the evidence outlives what is told after it";
}

TEST(BlacklistKeeper, RestoresBenchesFailuresAndHalfOpenTargets) {
  for (const auto away : {10min, 180min}) {
    Gate gate;
    gate.fail(kNow, 3);
    gate.keeper.follow(kNow);
    HealthBoard fresh;
    fresh.ensure(kSlot);
    BlacklistKeeper keeper(
        {fresh, gate.names, gate.catalog, gate.events, [&] { return gate.slots; }});
    const Moment started{SteadyTime{} + 1min, kNow.wall + away};  // the machine has just booted
    keeper.restore(started);
    const auto state = fresh.state(kSlot);
    EXPECT_EQ(state.failures_in_row, 3U);
    EXPECT_EQ(router::standing_of(state, started.steady),
              away == 10min ? router::Standing::benched : router::Standing::recovering);
    EXPECT_FALSE(fresh.is_benched_by_hand(kSlot));
    if (away == 10min) {
      EXPECT_EQ(state.benched_until, started.steady + 1h - away);
    }
  }
}

TEST(BlacklistKeeper, RestoresABenchByHandUntilItIsOver) {
  Gate gate;
  gate.bench_by_hand(kNow.wall + 5min);
  gate.keeper.restore(later(4min));
  EXPECT_TRUE(gate.health.is_benched_by_hand(kSlot));
  EXPECT_EQ(gate.health.state(kSlot).benched_until, kNow.steady + 5min);
  gate.health.pardon(kSlot);
  gate.keeper.restore(later(6min));
  EXPECT_EQ(gate.health.state(kSlot).benched_until, SteadyTime{});
  gate.keeper.tick(later(6min));
  EXPECT_FALSE(gate.stored()) << "nobody needs it any more";
}

TEST(BlacklistKeeper, LeavesABenchByHandToWhoeverMadeIt) {
  Gate gate;
  gate.fail(kNow, 3);
  gate.bench_by_hand(kNow.wall + 5min);  // written, but not on the board yet
  gate.keeper.follow(kNow);
  EXPECT_TRUE(gate.stored()->by_hand);
  gate.health.bench(kSlot, kNow.steady, kNow.steady + 5min);
  gate.report(Kind::changed);
  gate.keeper.follow(kNow);
  EXPECT_TRUE(gate.stored()->by_hand);
}

TEST(BlacklistKeeper, TriesAgainWhatTheCatalogRefused) {
  Gate gate;
  gate.catalog.failure = make_error(Errc::storage_unavailable, "the disk is full");
  const auto written = gate.fail(kNow, 3);
  gate.keeper.follow(kNow);
  EXPECT_TRUE(*written) << "nobody waits for a disk that is full";
  gate.keeper.tick(later(1s));
  gate.catalog.failure = std::nullopt;
  gate.keeper.tick(later(2s));
  ASSERT_TRUE(gate.stored());
  EXPECT_EQ(gate.stored()->until, kNow.wall + 1h);
  EXPECT_EQ(gate.stored()->evidence->status, 503);
  EXPECT_EQ(gate.told(), "target.benched ") << "once";
}

TEST(BlacklistKeeper, ReadsAgainWhenItsDocumentWasWrittenMeanwhile) {
  Gate gate;
  gate.fail(kNow, 3);
  gate.catalog.before_transact = [&] { gate.bench_by_hand(kNow.wall + 5min); };
  gate.keeper.follow(kNow);
  EXPECT_TRUE(gate.stored()->by_hand);
}

TEST(BlacklistKeeper, TellsOfRefusedCredentialsWithoutWriting) {
  Gate gate;
  HealthNews news{.kind = Kind::misconfigured, .slot = kSlot, .target = gate.one};
  news.evidence.cause = Errc::upstream_auth_error;
  news.evidence.status = 401;
  news.count = 12;
  gate.health.news.push(news);
  gate.keeper.follow(kNow);
  const auto events = gate.events.read(gate.feed).events;
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].name, "target.misconfigured");
  EXPECT_NE(events[0].data.find(R"("count":12)"), std::string::npos) << events[0].data;
  EXPECT_NE(events[0].data.find(R"("status":401)"), std::string::npos) << events[0].data;
  EXPECT_EQ(gate.writes(), 0U);
}

TEST(BlacklistKeeper, ForgetsTheFailuresOfATargetWhoseSettingsChanged) {
  Gate gate;
  gate.fail(kNow, 3);
  gate.keeper.follow(kNow);
  gate.slots[gate.one] = 2;
  gate.keeper.tick(later(1s));
  EXPECT_FALSE(gate.stored());
  EXPECT_EQ(gate.health.state(2).benched_until, SteadyTime{});
}

TEST(BlacklistKeeper, KeepsABenchByHandWhenSettingsChange) {
  Gate gate;
  gate.bench_by_hand(kNow.wall + 5min);
  gate.health.bench(kSlot, kNow.steady, kNow.steady + 5min);
  gate.slots[gate.one] = 2;
  gate.keeper.tick(later(1s));
  EXPECT_TRUE(gate.health.is_benched_by_hand(2));
  EXPECT_EQ(gate.health.state(2).benched_until, kNow.steady + 5min);
  EXPECT_TRUE(gate.stored());
}

TEST(BlacklistKeeper, RestoresATargetThatIsBackInTheFile) {
  Gate gate;
  gate.fail(kNow, 3);
  gate.keeper.follow(kNow);
  gate.slots.clear();
  gate.keeper.tick(later(1s));
  ASSERT_TRUE(gate.stored()) << "a target may come back";
  gate.slots[gate.one] = 2;  // back, as one whose slot is new
  gate.keeper.tick(later(2s));
  EXPECT_EQ(gate.health.state(2).failures_in_row, 3U);
  EXPECT_EQ(gate.health.state(2).benched_until, kNow.steady + 1h);
  gate.health.pardon(2);
  gate.keeper.tick(later(3s));
  EXPECT_EQ(gate.health.state(2).benched_until, SteadyTime{}) << "once only";
}

TEST(HealthNewsQueue, IsBoundedAndRingsOnce) {
  HealthNewsQueue queue;
  EXPECT_FALSE(queue.push({})) << "nobody listens";
  int rings = 0;
  queue.listen([&] { ++rings; });
  for (std::size_t i = 0; i < HealthNewsQueue::kMost; ++i) ASSERT_TRUE(queue.push({}));
  EXPECT_FALSE(queue.push({}));
  EXPECT_EQ(rings, 1);
  EXPECT_EQ(queue.take().size(), HealthNewsQueue::kMost);
  EXPECT_TRUE(queue.push({}));
  EXPECT_EQ(rings, 2);
}

}  // namespace
}  // namespace tallygate
