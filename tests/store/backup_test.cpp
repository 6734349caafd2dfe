#include "store/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "store/journal/store_switch.h"
#include "store/rocksdb/backup_engine.h"
#include "tests/store/catalog/catalog_kit.h"
#include "tests/store/journal/journal_kit.h"
#include "tests/support/records.h"

namespace tallygate::store {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// A store that a gate has open.
struct OpenStore {
  explicit OpenStore(const std::string& path)
      : catalog(open(path + "/catalog")),
        journal(Journal::open({.path = path + "/journal"}, names).value()),
        writer(*journal) {}

  /// Document and record number `n`.
  void write(std::uint64_t n) {
    commit(*catalog, transaction({put("last", std::to_string(n))}));
    writer.commit({tallygate::testing::small_record(n)});
  }

  Names names;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<Journal> journal;
  Writer writer;
};

class Backups : public ::testing::Test {
 protected:
  void fill(std::uint64_t first, std::uint64_t last, bool back_up = true) {
    OpenStore store(store_);
    for (auto n = first; n <= last; ++n) store.write(n);
    if (back_up) {
      const auto made = make_backup(folder_, *store.catalog, *store.journal);
      ASSERT_TRUE(made.has_value()) << made.error().message;
      EXPECT_GT(made->bytes, 0U);
    }
    store.journal->close();
  }
  /// The store at `path` has the first `last` and nothing else.
  static void expect_store(const std::string& path, std::uint64_t last) {
    EXPECT_EQ(open(path + "/catalog")->find("thing", "last")->body, std::to_string(last));
    expect_exact(path + "/journal", last);
  }
  Errc refusal(std::uint32_t number, bool force) {
    const auto restored = restore_backup(folder_, number, store_, force);
    EXPECT_FALSE(restored.has_value());
    return restored ? Errc::internal : restored.error().code;
  }

  tallygate::testing::TemporaryDirectory directory_;
  const std::string store_ = directory_ / "data";
  const std::string folder_ = directory_ / "backups";
};

TEST_F(Backups, BringBackWhatWasThere) {
  fill(1, 20);
  fill(21, 30);
  fill(31, 33, false);
  ASSERT_EQ(list_backups(folder_)->size(), 2U);
  const auto newest = restore_backup(folder_, 0, directory_ / "new", false);
  ASSERT_TRUE(newest.has_value()) << newest.error().message;
  EXPECT_EQ(newest->backup.number, 2U);
  EXPECT_EQ(newest->replaced, "");
  expect_store(directory_ / "new", 30);
  ASSERT_TRUE(restore_backup(folder_, 1, directory_ / "first", false).has_value());
  expect_store(directory_ / "first", 20);
  expect_store(store_, 33);
}

TEST_F(Backups, KeepTheStoreThatTheyReplace) {
  fill(1, 5);
  fill(6, 9, false);
  EXPECT_EQ(refusal(0, false), Errc::conflict);
  const auto restored = restore_backup(folder_, 0, store_, true);
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_EQ(restored->replaced, store_ + "/replaced-1");
  expect_store(store_, 5);
  expect_store(restored->replaced, 9);
  EXPECT_FALSE(fs::exists(store_ + "/" + kRestoring));
  EXPECT_EQ(restore_backup(folder_, 0, store_, true)->replaced, store_ + "/replaced-2");
}

TEST_F(Backups, AreMadeWhileTheStoreIsWritten) {
  OpenStore store(store_);
  store.write(1);
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> written{1};
  std::thread gate([&] {
    for (std::uint64_t n = 2; !done; ++n) {
      store.write(n);
      written = n;
    }
  });
  std::vector<std::uint64_t> at_least;
  for (int i = 0; i < 4; ++i) {
    at_least.push_back(written);
    const auto made = make_backup(folder_, *store.catalog, *store.journal);
    EXPECT_TRUE(made.has_value()) << made.error().message;
  }
  done = true;
  gate.join();
  for (std::uint32_t number = 1; number <= 4; ++number) {
    const std::string path = directory_ / ("restored " + std::to_string(number));
    ASSERT_TRUE(restore_backup(folder_, number, path, false).has_value());
    const auto document = std::stoull(open(path + "/catalog")->find("thing", "last")->body);
    EXPECT_GE(document, at_least[number - 1]);
    const auto records = requests_of(*JournalReader::open(path + "/journal").value()->tallies());
    EXPECT_GE(records + 1, document) << "the journal's half is the newer one";
    expect_exact(path + "/journal", records);
  }
}

TEST_F(Backups, RefuseAStoreThatIsOpen) {
  fill(1, 3);
  const OpenStore store(store_);
  EXPECT_EQ(refusal(0, true), Errc::storage_unavailable);
  const auto made = back_up_store(store_, folder_);
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(made.error().message, HasSubstr("POST /api/backup"));
}

TEST_F(Backups, AreMadeOfAStoreThatIsClosed) {
  fill(1, 3, false);
  EXPECT_EQ(back_up_store(store_, folder_)->number, 1U);
  EXPECT_EQ(back_up_store(store_, folder_)->number, 2U);
  EXPECT_EQ(back_up_store(directory_ / "typo", folder_).error().code, Errc::not_found);
  EXPECT_FALSE(fs::exists(directory_ / "typo"));
  for (const char* inside : {"", "/journal", "/x/../y"}) {
    EXPECT_EQ(back_up_store(store_, store_ + inside).error().code, Errc::invalid_parameter);
  }
  EXPECT_TRUE(check_backup_folder(store_ + "-backups", store_).has_value());
}

TEST_F(Backups, AreRefusedWhenDamagedAndTheStoreStays) {
  fill(1, 5);
  fill(6, 9);
  for (const auto& entry : fs::recursive_directory_iterator(folder_ + "/journal/private/2")) {
    if (entry.path().extension() != ".log" || entry.file_size() == 0) continue;
    std::fstream file(entry.path(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(entry.file_size() / 2));
    file.write("damage", 6);
  }
  EXPECT_EQ(refusal(0, true), Errc::storage_corrupt);
  expect_store(store_, 9);
  EXPECT_FALSE(fs::exists(store_ + "/replaced-1"));
  ASSERT_TRUE(restore_backup(folder_, 1, store_, true).has_value());
  expect_store(store_, 5);
}

TEST_F(Backups, CountOnlyWhenTheyAreWhole) {
  EXPECT_EQ(list_backups(folder_).error().code, Errc::storage_unavailable);
  EXPECT_EQ(refusal(0, false), Errc::not_found);
  fill(1, 3);
  for (const auto& [name, text] :
       {std::pair{"backup-2", "catalog 1\n"}, std::pair{"backup-3", "catalog 9\njournal 9\n"},
        std::pair{"backup-x", "catalog 1\njournal 1\n"},
        std::pair{"backup-4", "catalog -1\njournal 1\n"}, std::pair{"backup-5", ""}}) {
    std::ofstream(folder_ + "/" + name) << text;
  }
  ASSERT_EQ(list_backups(folder_)->size(), 1U);
  EXPECT_EQ(refusal(2, false), Errc::conflict);
  EXPECT_EQ(refusal(2, true), Errc::not_found);
  fs::remove_all(folder_ + "/journal/meta");
  fs::create_directory(folder_ + "/journal/meta");
  EXPECT_EQ(list_backups(folder_)->size(), 0U);
}

/// As a crash between the moves leaves it: the old one moved away, the mark still there.
TEST_F(Backups, AnInterruptedRestoreIsToldAndDoneAgain) {
  fill(1, 3);
  std::ofstream(store_ + "/RESTORE-UNFINISHED") << "x";
  fs::rename(store_ + "/journal", directory_ / "moved");
  const auto opened = open_catalog(store_ + "/catalog");
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Errc::storage_corrupt);
  EXPECT_THAT(opened.error().message, HasSubstr("tallygate restore"));
  ASSERT_TRUE(restore_backup(folder_, 0, store_, true).has_value());
  expect_store(store_, 3);
}

TEST_F(Backups, LeaveTheNewest) {
  OpenStore store(store_);
  for (std::uint32_t n = 1; n <= 4; ++n) {
    store.write(n);
    const auto made = make_backup(folder_, *store.catalog, *store.journal, 2);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    EXPECT_EQ(made->number, n);
  }
  const auto left = list_backups(folder_).value();
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left.front().number, 3U);
  EXPECT_FALSE(fs::exists(folder_ + "/backup-2"));
  EXPECT_EQ(list_database_backups(folder_ + "/journal")->size(), 2U);
  ASSERT_TRUE(restore_backup(folder_, 3, directory_ / "third", false).has_value());
  expect_store(directory_ / "third", 3);
}

}  // namespace
}  // namespace tallygate::store
