// What a journal does when its disk refuses: it keeps what it has, drops what it cannot hold, says
// so, and goes on by itself.

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "store/journal/journal.h"
#include "store/journal/sync_mark.h"
#include "store/rocksdb/backup_engine.h"
#include "store/rocksdb/disk_watch.h"
#include "tests/store/journal/journal_kit.h"
#include "tests/support/failing_env.h"
#include "tests/support/records.h"
#include "tests/support/stalling_env.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

namespace fs = std::filesystem;
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
  wait_until([&] { return failing.fault.refused.load() > 0 && journal->status().degraded(); });
  EXPECT_EQ(writer.producer().committed(), 1U);
  EXPECT_EQ(journal->status().trouble, StoreTrouble::full);
  EXPECT_FALSE(journal->status().last_error.empty());
  EXPECT_FALSE(journal->purge(WallTime{std::chrono::hours{24 * 365}}).has_value());

  failing.fault.full = false;
  writer.wait_for(10);
  EXPECT_FALSE(journal->status().degraded());
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
  auto journal = Journal::open({.path = directory / "journal",
                                .close_within = std::chrono::milliseconds{1000},
                                .env = failing.env.get()},
                               names)
                     .value();
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

TEST(JournalFault, WaitsOutAReadOnlyDiskAndSaysSo) {
  const testing::TemporaryDirectory directory;
  testing::FailingEnv failing;
  Names names;
  auto journal =
      Journal::open({.path = directory / "journal", .env = failing.env.get()}, names).value();
  Writer writer(*journal);
  failing.fault.read_only = true;
  hand_over(writer, 1, 7);
  wait_until([&] { return journal->status().trouble == StoreTrouble::refused; });
  failing.fault.read_only = false;
  writer.wait_for(7);
  EXPECT_EQ(journal->status().trouble, StoreTrouble::none);
  EXPECT_GT(journal->status().reopened, 0U);
  EXPECT_EQ(journal->status().dropped, 0U);
  journal->close();
  expect_exact(directory / "journal", 7);
}

// Under ThreadSanitizer: readers change the tallies too.
TEST(JournalFault, TellsWhatIsStartedWhileItReopens) {
  const testing::TemporaryDirectory directory;
  testing::FailingEnv failing;
  Names names;
  auto journal =
      Journal::open({.path = directory / "journal", .env = failing.env.get()}, names).value();
  Writer writer(*journal);
  std::atomic<bool> done{false};
  std::atomic<std::uint32_t> readings{0};
  std::thread reader([&] {
    while (!done.load()) {
      EXPECT_TRUE(journal->tallies().last_batch <= 1);
      readings.fetch_add(1);
    }
  });
  failing.fault.read_only = true;
  hand_over(writer, 1, 1);
  router::TallyKey key;
  key.kind = router::TallyKey::Kind::variant;
  std::uint32_t seen = 0;
  wait_until([&] {
    if (const auto now = readings.load(); now != seen) {
      seen = now;
      ++key.epoch;
      writer.producer().count_started(key);
    }
    return journal->status().write_errors > 0 && failing.fault.refused.load() > 5 && seen > 50;
  });
  failing.fault.read_only = false;
  writer.wait_for(1);
  done = true;
  reader.join();
  EXPECT_GT(journal->status().reopened, 0U);
  EXPECT_EQ(requests_of(journal->tallies()), 1U);
}

TEST(JournalFault, PausesBeforeTheDiskIsFullAndPurgesMeanwhile) {
  const testing::TemporaryDirectory directory;
  testing::FailingEnv failing;
  Names names;
  auto journal =
      Journal::open({.path = directory / "journal", .env = failing.env.get()}, names).value();
  Writer writer(*journal);
  writer.commit({small_record(1)});
  failing.fault.free_bytes = 1;
  wait_until([&] { return journal->status().trouble == StoreTrouble::full; });
  hand_over(writer, 2, 3);
  const auto purged = journal->purge(WallTime{std::chrono::hours{24}});
  EXPECT_TRUE(purged.has_value()) << purged.error().message;
  EXPECT_EQ(writer.producer().committed(), 1U);
  failing.fault.free_bytes = UINT64_MAX;
  writer.wait_for(3);
  EXPECT_EQ(failing.fault.refused.load(), 0U) << "the disk was never asked for what it had not";
  EXPECT_EQ(journal->status().reopened, 0U);
  EXPECT_EQ(journal->status().write_errors, 0U);
  journal->close();
  expect_exact(directory / "journal", 3);
}

TEST(JournalFault, PurgesAFailedDatabaseBeforeItWaitsForSpace) {
  const testing::TemporaryDirectory directory;
  testing::FailingEnv failing;
  Names names;
  auto journal =
      Journal::open({.path = directory / "journal", .env = failing.env.get()}, names).value();
  Writer writer(*journal);
  writer.commit({small_record(1)});
  failing.fault.full = true;
  failing.fault.free_bytes = reserve_of(fs::space(directory.path()).capacity) / 4 * 3;
  hand_over(writer, 2, 3);
  wait_until([&] { return failing.fault.refused.load() > 0; });
  const auto far_future = WallTime{std::chrono::hours{24 * 365 * 100}};
  EXPECT_TRUE(journal->purge(far_future).has_error()) << "it refuses every write";
  failing.fault.full = false;  // what was cut short left some room
  wait_until([&] { return journal->purge(far_future).has_value(); });
  EXPECT_EQ(journal->status().trouble, StoreTrouble::full) << "there is not enough yet";
  EXPECT_EQ(journal->find(small_record(1).id).error().code, Errc::not_found);
  failing.fault.free_bytes = UINT64_MAX;
  writer.wait_for(3);
  EXPECT_EQ(requests_of(journal->tallies()), 3U) << "tallies keep what records do not";
  EXPECT_EQ(journal->status().dropped, 0U);
}

TEST(JournalFault, TellsThatTheWriterStandsStillAndThatItMovesAgain) {
  const testing::TemporaryDirectory directory;
  testing::StallingEnv stalling;
  Names names;
  auto journal = Journal::open({.path = directory / "journal",
                                .max_queued_records = 100,
                                .slow_after = std::chrono::milliseconds{20},
                                .env = stalling.env.get()},
                               names)
                     .value();
  Writer writer(*journal);
  stalling.gate.shut();
  hand_over(writer, 1, 80);
  wait_until([&] { return journal->status().trouble == StoreTrouble::slow; });
  hand_over(writer, 81, 500);
  EXPECT_EQ(journal->status().queued, 100U);
  EXPECT_EQ(journal->status().dropped, 400U);
  stalling.gate.open();
  writer.wait_for(500);
  wait_until([&] { return !journal->status().degraded(); });
  EXPECT_EQ(journal->status().committed, 100U);
  EXPECT_TRUE(journal->close());
  expect_exact(directory / "journal", 100);
}

TEST(JournalFault, EndsThoughTheDiskHangsAndCountsWhatItLeaves) {
  const testing::TemporaryDirectory directory;
  static testing::StallingEnv stalling;  // what is left behind uses both
  static Names names;
  auto journal = Journal::open({.path = directory / "journal",
                                .close_within = std::chrono::milliseconds{50},
                                .env = stalling.env.get()},
                               names)
                     .value();
  Writer writer(*journal);
  writer.commit({small_record(1)});
  stalling.gate.shut();
  hand_over(writer, 2, 5);
  EXPECT_FALSE(journal->close());
  EXPECT_FALSE(journal->close());
  EXPECT_EQ(journal->status().dropped, 4U);
  journal.reset();
  stalling.gate.open();
  const auto is_free = [&] {
    Names others;
    return Journal::open({.path = directory / "journal"}, others).has_value();
  };
  wait_until(is_free);
}

TEST(JournalFault, WaitsForAFolderThatIsGoneAndGoesOnWhenItIsBack) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "journal";
  Names names;
  auto journal = Journal::open({.path = path}, names).value();
  Writer writer(*journal);
  writer.commit({small_record(1)});
  fs::rename(path, directory / "elsewhere");
  wait_until([&] { return journal->status().trouble == StoreTrouble::gone; });
  hand_over(writer, 2, 5);
  wait_until([&] { return !journal->status().last_error.empty(); });
  EXPECT_EQ(writer.producer().committed(), 1U);
  EXPECT_FALSE(fs::exists(path)) << "no new one in its place";
  fs::rename(directory / "elsewhere", path);
  writer.wait_for(5);
  EXPECT_FALSE(journal->status().degraded());
  EXPECT_EQ(journal->status().reopened, 0U) << "it is the same one";
  journal->close();
  EXPECT_EQ(journal->status().dropped, 0U);
  expect_exact(path, 5);
}

TEST(JournalFault, CountsAtItsEndWhatWentWithItsFolder) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "journal";
  Names names;
  auto journal =
      Journal::open({.path = path, .close_within = std::chrono::seconds{1}}, names).value();
  Writer writer(*journal);
  fs::remove_all(path);
  writer.commit({small_record(1), small_record(2)});  // nobody knows yet
  wait_until([&] { return journal->status().trouble == StoreTrouble::gone; });
  hand_over(writer, 3, 5);
  journal->close();
  EXPECT_EQ(journal->status().lost, 2U);
  EXPECT_EQ(journal->status().dropped, 5U);
}

TEST(JournalFault, GoesOnWithAnOlderCopyAndCountsWhatThatDoesNotHave) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "journal";
  Names names;
  auto journal = Journal::open({.path = path}, names).value();
  Writer writer(*journal);
  names.intern("in the copy");
  hand_over(writer, 1, 10);
  writer.wait_for(10);
  ASSERT_TRUE(journal->backup(directory / "backup").has_value());
  names.intern("not in the copy");
  hand_over(writer, 11, 17);
  writer.wait_for(17);
  fs::remove_all(path);
  wait_until([&] { return journal->status().trouble == StoreTrouble::gone; });
  ASSERT_TRUE(
      restore_database(directory / "backup", 1, directory / "restored", "journal").has_value());
  fs::rename(directory / "restored", path);
  hand_over(writer, 18, 20);
  writer.wait_for(20);
  EXPECT_EQ(journal->status().lost, 7U);
  EXPECT_EQ(journal->status().dropped, 7U);
  EXPECT_EQ(requests_of(journal->tallies()), 13U);
  journal->close();
  expect_exact(path, 13);
  EXPECT_EQ(JournalReader::open(path).value()->names().text(2), "not in the copy");
}

TEST(JournalFault, StaysOffAnotherJournalInItsPlace) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "journal";
  {
    Names others;
    auto other = Journal::open({.path = directory / "other"}, others).value();
    others.intern("another's name");
    Writer(*other).commit({small_record(1)});
  }
  Names names;
  auto journal = Journal::open({.path = path,
                                .checkpoint_interval = std::chrono::milliseconds{10},
                                .close_within = std::chrono::milliseconds{2000}},
                               names)
                     .value();
  names.intern("our name");
  Writer writer(*journal);
  writer.commit({small_record(1)});
  fs::rename(path, directory / "elsewhere");
  fs::rename(directory / "other", path);
  wait_until([&] { return journal->status().degraded(); });
  hand_over(writer, 2, 5);
  journal->close();
  EXPECT_EQ(journal->status().dropped, 4U);
  expect_exact(path, 1);
}

class DamagedJournal : public ::testing::Test {
 protected:
  /// 50 batches that a sync made safe.
  void SetUp() override {
    Names names;
    auto journal = Journal::open({.path = path_}, names).value();
    Writer writer(*journal);
    for (std::uint64_t n = 1; n <= 50; ++n) writer.commit({small_record(n)});
    fs::copy(path_, directory_ / "running", fs::copy_options::recursive);
    journal->close();
    ASSERT_EQ(read_sync_mark(path_), 50U);
  }
  Errc refusal(const std::string& path) {
    Names names;
    const auto opened = Journal::open({.path = path}, names);
    EXPECT_FALSE(opened.has_value());
    if (opened) return Errc::internal;
    message_ = opened.error().message;
    return opened.error().code;
  }
  static void damage(const std::string& path, const std::string& extension) {
    int damaged = 0;
    for (const auto& entry : fs::directory_iterator(path)) {
      const auto name = entry.path().filename().string();
      if ((!name.ends_with(extension) && !name.starts_with(extension)) || entry.file_size() == 0) {
        continue;
      }
      std::fstream stream(entry.path(), std::ios::binary | std::ios::in | std::ios::out);
      stream.seekp(static_cast<std::streamoff>(entry.file_size() / 2));
      stream.write("damage damage damage", 20);
      ++damaged;
    }
    EXPECT_GT(damaged, 0);
  }

  testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "journal";
  std::string message_;
};

TEST_F(DamagedJournal, IsRefusedForDamageToWhatNamesItsFiles) {
  damage(path_, "MANIFEST-");
  EXPECT_EQ(refusal(path_), Errc::storage_corrupt);
  EXPECT_NE(message_.find("--quarantine-corrupt"), std::string::npos) << message_;
}

TEST_F(DamagedJournal, IsRefusedForDamageToATable) {
  {
    Names names;
    ASSERT_TRUE(Journal::open({.path = path_}, names).has_value());  // the log becomes tables
  }
  int tables = 0;
  for (const auto& entry : fs::directory_iterator(path_)) {
    if (entry.path().extension() != ".sst") continue;
    ++tables;
    fs::resize_file(entry.path(), entry.file_size() / 2);
  }
  EXPECT_GT(tables, 0);
  EXPECT_EQ(refusal(path_), Errc::storage_corrupt) << message_;
}

TEST_F(DamagedJournal, IsRefusedWhenItsLogLostWhatWasSyncedAndOpenedWhenThatIsAccepted) {
  const std::string path = directory_ / "running";
  ASSERT_TRUE(write_sync_mark(path, 50));
  damage(path, ".log");
  EXPECT_EQ(refusal(path), Errc::storage_corrupt);
  EXPECT_NE(message_.find("synced up to batch 50"), std::string::npos) << message_;
  for (int start = 0; start < 2; ++start) {
    Names names;
    const auto opened = Journal::open({.path = path, .accept_lost_tail = start == 0}, names);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    const auto requests = requests_of((*opened)->tallies());
    EXPECT_GT(requests, 0U);
    EXPECT_LT(requests, 50U);
  }
}

TEST_F(DamagedJournal, IsNotBlamedForATailThatNoSyncMadeSafe) {
  const std::string path = directory_ / "running";
  ASSERT_TRUE(write_sync_mark(path, 3));
  damage(path, ".log");
  Names names;
  EXPECT_TRUE(Journal::open({.path = path}, names).has_value());
}

TEST(SyncMark, IsNoneUnlessItIsWhole) {
  const testing::TemporaryDirectory directory;
  EXPECT_EQ(read_sync_mark(directory.path()), 0U);
  ASSERT_TRUE(write_sync_mark(directory.path(), 7));
  ASSERT_TRUE(write_sync_mark(directory.path(), 6));
  EXPECT_EQ(read_sync_mark(directory.path()), 6U);
  std::fstream(directory / "SYNCED", std::ios::binary | std::ios::in | std::ios::out).put('x');
  EXPECT_EQ(read_sync_mark(directory.path()), 0U);
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
