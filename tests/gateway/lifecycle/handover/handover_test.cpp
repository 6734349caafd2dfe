// Two gates in one process, without their workers: the conversation, and whose the store is.

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <atomic>
#include <future>

#include "gateway/lifecycle/handover/handover_server.h"
#include "gateway/lifecycle/handover/predecessor.h"
#include "tests/store/journal/journal_kit.h"
#include "tests/support/records.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::lifecycle {
namespace {

using store::Writer;
using testing::small_record;

using namespace std::chrono_literals;

/// Of a gate that waits as long as a busy machine needs, and of one that is kept waiting.
constexpr HandoverPatience kPatient{.silence = 60s, .successor = 60s};
constexpr HandoverPatience kImpatient{.silence = 100ms, .successor = 4s, .grace = 100ms};

struct Gate {
  explicit Gate(const std::string& path, HandoverPatience patience = kPatient)
      : options{.path = path + "/journal"},
        journal(store::Journal::open(options, names).value()),
        catalog(store::CatalogLease::open(path + "/catalog").value()),
        writer(*journal),
        server({path, options, *journal, names, *catalog},
               {[this] {
                  return stopping ? Listeners{} : Listeners{{fd}, {fd}};
                },
                [this] { log += "pause "; }, [this] { log += "resume "; },
                [this] { left.set_value(); },
                [this](const HandoverSocket&) {
                  log += "end ";
                  if (end_successor) end_successor();
                }},
               patience) {}
  ~Gate() { end(); }

  void end() {
    server.stop(std::chrono::milliseconds{100});
    journal->close();
    server.finish();
  }
  router::Record record(std::uint64_t n) {
    router::Record made = small_record(n);
    made.route = names.intern("route");
    made.assigned_version = made.served_version = names.intern("version");
    made.target = names.intern("target");
    return made;
  }
  void append(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t n = first; n <= last; ++n) number = writer.producer().append(record(n));
    writer.producer().hand_over();
  }
  void wait() { writer.wait_for(number); }

  const int fd = ::eventfd(0, EFD_CLOEXEC);  // stands for a listening socket
  bool stopping = false;
  std::string log;
  std::function<void()> end_successor;
  std::promise<void> left;
  std::uint64_t number = 0;
  store::Names names;
  store::JournalOptions options;
  std::unique_ptr<store::Journal> journal;
  std::unique_ptr<store::CatalogLease> catalog;
  Writer writer;
  HandoverServer server;
};

/// As a starting process does it.
std::unique_ptr<Gate> take_over(const std::string& path) {
  auto predecessor = std::move(*Predecessor::find(path).value());
  EXPECT_EQ(predecessor.listeners().data.size(), 1U);
  EXPECT_EQ(predecessor.listeners().admin.size(), 1U);
  EXPECT_TRUE(predecessor.ask_for_store().has_value());
  auto gate = std::make_unique<Gate>(path);
  gate->names.intern("another name first");
  EXPECT_TRUE(predecessor.tell_ready().has_value());
  gate->server.take_records_from(std::move(predecessor).into_socket());
  EXPECT_TRUE(gate->server.start().has_value());
  return gate;
}

std::uint64_t count(Gate& gate) { return store::requests_of(gate.journal->tallies()); }

TEST(Handover, GivesTheStoreAndThenTheLastRecords) {
  const testing::TemporaryDirectory directory;
  Gate old(directory.path());
  ASSERT_TRUE(old.server.start().has_value());
  old.append(1, 10);
  const auto next = take_over(directory.path());
  old.left.get_future().wait();
  EXPECT_EQ(old.log, "pause ");
  next->append(11, 20);
  old.append(21, 30);
  old.wait();  // acknowledged by the new one
  next->wait();
  EXPECT_EQ(count(*next), 30U);
  const auto found = next->journal->find(small_record(25).id).value();
  EXPECT_EQ(next->names.text(found.route), "route");
  EXPECT_EQ(next->names.text(found.target), "target");
  old.end();
  EXPECT_TRUE(old.server.has_handed_over());
  EXPECT_EQ(old.journal->status().dropped, 0U);
}

TEST(Handover, TakesTheStoreBackFromWhoDiesBeforeItIsReady) {
  const testing::TemporaryDirectory directory;
  Gate old(directory.path());
  ASSERT_TRUE(old.server.start().has_value());
  {
    auto predecessor = std::move(*Predecessor::find(directory.path()).value());
    ASSERT_TRUE(predecessor.ask_for_store().has_value());
    old.append(1, 10);  // while nobody has it
  }
  old.wait();
  EXPECT_EQ(count(old), 10U);
  const auto next = take_over(directory.path());  // and the next one may try
  old.left.get_future().wait();
  EXPECT_EQ(old.log, "pause resume pause ");
  EXPECT_EQ(count(*next), 10U);
}

TEST(Handover, RefusesWhileItStops) {
  const testing::TemporaryDirectory directory;
  Gate old(directory.path());
  ASSERT_TRUE(old.server.start().has_value());
  old.stopping = true;
  EXPECT_EQ(Predecessor::find(directory.path()).error().code, Errc::conflict);
}

TEST(Handover, FindsNobodyWhereNoGateRuns) {
  const testing::TemporaryDirectory directory;
  EXPECT_FALSE(Predecessor::find(directory.path()).value());
  EXPECT_FALSE(Predecessor::find(directory / "nothing here").value());
}

TEST(Handover, WritesItsLastRecordsItselfWhenItsSuccessorDies) {
  const testing::TemporaryDirectory directory;
  Gate old(directory.path());
  ASSERT_TRUE(old.server.start().has_value());
  take_over(directory.path());  // and is gone
  old.left.get_future().wait();
  old.append(1, 10);
  old.wait();
  old.append(11, 20);
  old.wait();
  Gate third(directory.path());
  EXPECT_EQ(count(third), 20U);
}

TEST(Handover, SendsItsLastRecordsToWhoeverHasTheStore) {
  const testing::TemporaryDirectory directory;
  Gate old(directory.path());
  ASSERT_TRUE(old.server.start().has_value());
  take_over(directory.path());  // and is gone
  old.left.get_future().wait();
  Gate third(directory.path());
  ASSERT_TRUE(third.server.start().has_value());
  old.append(1, 10);
  old.wait();
  EXPECT_EQ(count(third), 10U);
}

TEST(Handover, ShipsWhatWasStartedWithTheLastRecords) {
  const testing::TemporaryDirectory directory;
  Gate old(directory.path());
  ASSERT_TRUE(old.server.start().has_value());
  const auto next = take_over(directory.path());
  old.left.get_future().wait();
  const auto key_in = [](Gate& gate) {
    return router::variant_key({.route = gate.names.intern("route"),
                                .version = gate.names.intern("version"),
                                .experiment = gate.names.intern("experiment")});
  };
  old.writer.producer().count_started(key_in(old), 3);
  old.append(1, 1);
  old.wait();
  const router::TallyKey key = key_in(*next);
  const auto tallies = next->journal->tallies_at({&key, 1});
  ASSERT_EQ(tallies.entries.size(), 1U);
  EXPECT_EQ(tallies.entries[0].second.started, 3U);
}

TEST(Handover, GoesOnWhenTheSuccessorFallsSilentBeforeItOpensTheStore) {
  const testing::TemporaryDirectory directory;
  Gate old(directory.path(), kImpatient);
  ASSERT_TRUE(old.server.start().has_value());
  auto predecessor = std::move(*Predecessor::find(directory.path()).value());
  ASSERT_TRUE(predecessor.ask_for_store().has_value());
  old.append(1, 10);
  old.wait();
  EXPECT_EQ(old.log, "pause resume ");
  EXPECT_EQ(count(old), 10U);
  EXPECT_EQ(predecessor.tell_ready().error().code, Errc::conflict) << "it must not serve";
}

TEST(Handover, EndsASuccessorThatFallsSilentWithTheStoreOpen) {
  for (const bool says_ready : {false, true}) {
    const testing::TemporaryDirectory directory;
    Gate old(directory.path(), kImpatient);
    auto predecessor = [&] {
      EXPECT_TRUE(old.server.start().has_value());
      return std::move(*Predecessor::find(directory.path()).value());
    }();
    ASSERT_TRUE(predecessor.ask_for_store().has_value());
    store::Names names;
    auto held = store::Journal::open(old.options, names).value();
    old.end_successor = [&held] { held->close(); };
    if (says_ready) {
      ASSERT_TRUE(predecessor.tell_ready().has_value());
    }
    old.append(1, 10);
    old.wait();
    EXPECT_EQ(old.log, "pause resume end ");
    EXPECT_EQ(count(old), 10U);
    EXPECT_EQ(old.journal->status().dropped, 0U);
  }
}

TEST(Handover, CountsWhatASuccessorThatFallsSilentLaterDoesNotTake) {
  const testing::TemporaryDirectory directory;
  Gate old(directory.path());
  ASSERT_TRUE(old.server.start().has_value());
  auto predecessor = std::move(*Predecessor::find(directory.path()).value());
  ASSERT_TRUE(predecessor.ask_for_store().has_value());
  store::Names names;
  const auto held = store::Journal::open(old.options, names).value();
  ASSERT_TRUE(predecessor.tell_ready().has_value());
  auto socket = std::move(predecessor).into_socket();
  ASSERT_TRUE(socket.send(Word::serving).has_value());
  old.left.get_future().wait();
  old.append(1, 10);
  old.end();
  EXPECT_EQ(old.journal->status().dropped, 10U);
}

TEST(Handover, PassesRecordsOnThroughAChain) {
  const testing::TemporaryDirectory directory;
  Gate old(directory.path());
  ASSERT_TRUE(old.server.start().has_value());
  const auto second = take_over(directory.path());
  const auto third = take_over(directory.path());
  second->left.get_future().wait();
  old.append(1, 10);
  old.wait();
  EXPECT_EQ(count(*third), 10U);
  old.end();
  second->end();
}

}  // namespace
}  // namespace tallygate::lifecycle
