// What a journal does when its disk refuses: it keeps what it has, drops what it cannot hold, says
// so, and goes on by itself.

#include <gtest/gtest.h>

#include <thread>

#include "store/journal/journal.h"
#include "tests/store/journal/journal_kit.h"
#include "tests/support/failing_env.h"
#include "tests/support/records.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

using testing::small_record;

void hand_over(Writer& writer, std::uint64_t first, std::uint64_t last) {
  for (auto n = first; n <= last; ++n) writer.producer().append(small_record(n));
  writer.producer().hand_over();
}

template <class Condition>
void wait_until(const Condition& condition) {
  while (!condition()) std::this_thread::yield();
}

TEST(JournalFault, KeepsTheBatchOfAFullDiskAndWritesItWhenThereIsSpace) {
  const testing::TemporaryDirectory directory;
  testing::FailingEnv failing;
  Names names;
  auto journal =
      Journal::open({.path = directory / "journal", .env = failing.env.get()}, names).value();
  Writer writer(*journal);
  writer.commit({small_record(1)});

  failing.fault.full = true;
  names.intern("born while the disk was full");
  hand_over(writer, 2, 10);
  wait_until([&] { return failing.fault.refused.load() > 0 && journal->status().degraded; });
  EXPECT_EQ(writer.producer().committed(), 1U);
  EXPECT_FALSE(journal->status().last_error.empty());
  EXPECT_FALSE(journal->purge(WallTime{std::chrono::hours{24 * 365}}).has_value());

  failing.fault.full = false;
  writer.wait_for(10);
  EXPECT_FALSE(journal->status().degraded);
  EXPECT_EQ(journal->status().dropped, 0U);
  EXPECT_EQ(requests_of(journal->tallies()), 10U);
  journal->close();
  expect_exact(directory / "journal", 10);
  EXPECT_EQ(JournalReader::open(directory / "journal").value()->names().text(1),
            "born while the disk was full");
}

TEST(JournalFault, DropsAndCountsWhatTheQueueCannotHold) {
  const testing::TemporaryDirectory directory;
  testing::FailingEnv failing;
  Names names;
  auto journal =
      Journal::open(
          {.path = directory / "journal", .max_queued_records = 100, .env = failing.env.get()},
          names)
          .value();
  Writer writer(*journal);
  failing.fault.full = true;
  hand_over(writer, 1, 60);
  hand_over(writer, 61, 300);
  EXPECT_EQ(journal->status().dropped, 200U);
  failing.fault.full = false;
  writer.wait_for(300);
  EXPECT_EQ(journal->status().committed, 100U);
  journal->close();
  expect_exact(directory / "journal", 100);
}

TEST(JournalFault, GivesUpAtCloseAndCountsWhatItDrops) {
  const testing::TemporaryDirectory directory;
  testing::FailingEnv failing;
  Names names;
  auto journal =
      Journal::open({.path = directory / "journal", .env = failing.env.get()}, names).value();
  Writer writer(*journal);
  writer.commit({small_record(1)});
  failing.fault.full = true;
  hand_over(writer, 2, 5);
  journal->close();
  EXPECT_EQ(writer.producer().committed(), 5U);
  EXPECT_EQ(journal->status().dropped, 4U);
  expect_exact(directory / "journal", 1);
}

TEST(JournalFault, IsExactWhicheverAppendIsTheOneThatFails) {
  for (int nth = 1; nth <= 40; nth += 3) {
    SCOPED_TRACE("append " + std::to_string(nth));
    const testing::TemporaryDirectory directory;
    testing::FailingEnv failing;
    Names names;
    auto journal = Journal::open({.path = directory / "journal",
                                  .index_segment_entries = 2,
                                  .checkpoint_interval = std::chrono::milliseconds{0},
                                  .env = failing.env.get()},
                                 names)
                       .value();
    Writer writer(*journal);
    failing.fault.appends_left = nth;
    for (std::uint64_t n = 1; n <= 20; ++n) {
      names.intern("name " + std::to_string(n));
      hand_over(writer, n, n);
    }
    wait_until([&] { return failing.fault.full.load() || writer.producer().committed() == 20; });
    failing.fault.appends_left = INT64_MAX;
    failing.fault.full = false;
    writer.wait_for(20);
    EXPECT_EQ(requests_of(journal->tallies()), 20U);
    for (std::uint64_t n = 1; n <= 20; ++n) {
      Result<router::Record> record{router::Record{}};
      wait_until([&] {  // it may be open again only in a moment
        record = journal->find(small_record(n).id);
        return record || record.error().code != Errc::storage_unavailable;
      });
      EXPECT_TRUE(record.has_value()) << n << ": " << record.error().message;
    }
    journal->close();
    EXPECT_EQ(journal->status().dropped, 0U);
    expect_exact(directory / "journal", 20);
    EXPECT_EQ(JournalReader::open(directory / "journal").value()->names().size(), 20U);
  }
}

TEST(JournalFault, SaysThatADiskWithoutSpaceCannotBeUsed) {
  const testing::TemporaryDirectory directory;
  testing::FailingEnv failing;
  failing.fault.full = true;
  Names names;
  const auto journal =
      Journal::open({.path = directory / "journal", .env = failing.env.get()}, names);
  ASSERT_FALSE(journal.has_value());
  EXPECT_EQ(journal.error().code, Errc::storage_unavailable);
  EXPECT_NE(journal.error().message.find("no space"), std::string::npos) << journal.error().message;
}

}  // namespace
}  // namespace tallygate::store
