// Records are found while their index entries wait in memory, when they are written, after a
// reopen, and are forgotten with their batches.

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include "store/journal/journal.h"
#include "tests/store/journal/journal_kit.h"
#include "tests/support/records.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

using testing::small_record;
using testing::TemporaryDirectory;

router::Record answered_record(std::uint64_t n) {
  auto record = small_record(n);
  record.response_id = "r" + std::to_string(n);
  return record;
}

void commit_answered(Journal& journal, std::uint64_t first, std::uint64_t last) {
  Writer writer(journal);
  for (std::uint64_t n = first; n <= last;) {
    std::vector<router::Record> records;
    while (n <= last && records.size() < 500) records.push_back(answered_record(n++));
    writer.commit(records);
  }
}

void expect_found(const Journal& journal, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t n = first; n <= last; n += 97) {
    const auto expected = answered_record(n);
    const auto by_id = journal.find(expected.id);
    ASSERT_TRUE(by_id.has_value()) << n << ": " << by_id.error().message;
    EXPECT_EQ(by_id->response_id, expected.response_id);
    const auto by_response = journal.find_by_response_id(expected.response_id);
    ASSERT_TRUE(by_response.has_value()) << n << ": " << by_response.error().message;
    EXPECT_EQ(by_response->id, expected.id);
  }
  EXPECT_EQ(journal.find(small_record(last + 1).id).error().code, Errc::not_found);
  EXPECT_EQ(journal.find_by_response_id("none").error().code, Errc::not_found);
}

std::string value_of(const std::string& path, const std::string& key) {
  rocksdb::DB* opened = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const rocksdb::ColumnFamilyOptions plain;
  EXPECT_TRUE(rocksdb::DB::OpenForReadOnly({}, path, {{"default", plain}}, &handles, &opened).ok());
  const std::unique_ptr<rocksdb::DB> database(opened);
  std::string value;
  const auto status = database->Get({}, handles[0], key, &value);
  database->DestroyColumnFamilyHandle(handles[0]).PermitUncheckedError();
  return status.ok() ? value : status.ToString();
}

/// Two entries each, so that one segment is written and some wait.
const std::uint64_t kOverOneSegment = JournalOptions{}.index_segment_entries / 2 + 5'000;

TEST(JournalLookup, FindsWhatIsInTheIndexAndWhatWaitsForIt) {
  const TemporaryDirectory directory;
  const std::string path = directory / "journal";
  {
    Names names;
    auto journal = Journal::open({.path = path}, names).value();
    commit_answered(*journal, 1, kOverOneSegment);
    expect_found(*journal, 1, kOverOneSegment);
  }
  EXPECT_EQ(value_of(path, "indexed").size(), 8U) << "no segment was written";
  {
    Names names;
    auto journal = Journal::open({.path = path}, names).value();
    expect_found(*journal, 1, kOverOneSegment);
  }
  const auto reader = JournalReader::open(path).value();
  for (const std::uint64_t n : {std::uint64_t{1}, std::uint64_t{1000}, kOverOneSegment}) {
    const auto record = reader->find(small_record(n).id);
    ASSERT_TRUE(record.has_value()) << n << ": " << record.error().message;
    EXPECT_EQ(record->response_id, "r" + std::to_string(n));
  }
  EXPECT_EQ(reader->find(small_record(kOverOneSegment + 1).id).error().code, Errc::not_found);
}

TEST(JournalLookup, FindsInManySegments) {
  const TemporaryDirectory directory;
  const JournalOptions options{.path = directory / "journal", .index_segment_entries = 1000};
  {
    Names names;
    auto journal = Journal::open(options, names).value();
    commit_answered(*journal, 1, 20'000);
    expect_found(*journal, 1, 20'000);
  }
  Names names;
  auto journal = Journal::open(options, names).value();
  expect_found(*journal, 1, 20'000);
}

TEST(JournalLookup, PrefersTheNewestOfTwoAnswersWithOneId) {
  const TemporaryDirectory directory;
  Names names;
  auto journal = Journal::open({.path = directory / "journal"}, names).value();
  Writer writer(*journal);
  for (std::uint64_t n = 1; n <= 2; ++n) {
    auto record = small_record(n);
    record.response_id = "always the same";
    writer.commit({record});
  }
  EXPECT_EQ(journal->find_by_response_id("always the same")->id, small_record(2).id);
}

TEST(JournalLookup, StartsAScanNearItsTimeAndMissesNothing) {
  const TemporaryDirectory directory;
  const std::string path = directory / "journal";
  constexpr std::uint64_t kMinute = 60'000;
  {
    Names names;
    auto journal =
        Journal::open({.path = path, .checkpoint_interval = std::chrono::milliseconds{0}}, names)
            .value();
    Writer writer(*journal);
    for (std::uint64_t minute = 1; minute <= 20; ++minute) {
      // One ends at once; one of five minutes ago ends now.
      writer.commit({small_record(minute * kMinute)});
      if (minute > 5) writer.commit({small_record((minute - 5) * kMinute + 1)});
    }
  }
  const auto reader = JournalReader::open(path).value();
  for (std::uint64_t minute = 1; minute <= 21; ++minute) {
    const WallTime since{std::chrono::milliseconds{minute * kMinute}};
    std::uint64_t expected = minute > 20 ? 0 : 21 - minute;
    if (minute <= 15) expected += 16 - minute;
    EXPECT_EQ(
        reader->scan({.since = since, .until = {}, .route = ""}, [](const auto&) { return true; })
            .value(),
        expected)
        << minute;
  }
}

TEST(JournalLookup, GivesTheSpaceOfForgottenBatchesBack) {
  const TemporaryDirectory directory;
  const std::string path = directory / "journal";
  constexpr std::uint64_t kHour = 3'600'000;
  const auto size_of_tables = [&] {
    std::uintmax_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (entry.path().extension() == ".sst") bytes += entry.file_size();
    }
    return bytes;
  };
  const JournalOptions options{.path = path,
                               .retention = std::chrono::milliseconds{0},
                               .checkpoint_interval = std::chrono::milliseconds{0}};
  std::unique_ptr<Names> names;
  std::unique_ptr<Journal> journal;
  const auto reopen = [&] {
    journal.reset();
    names = std::make_unique<Names>();
    journal = Journal::open(options, *names).value();
  };
  std::uint64_t last = 0;
  const auto fill = [&](std::uint64_t hours) {
    for (std::uint64_t i = 0; i < hours; ++i) {
      auto record = small_record(++last * kHour);
      record.tags = std::string(60'000, static_cast<char>('a' + last % 26));
      Writer(*journal).commit({record});
    }
  };
  for (int reopened = 0; reopened < 6; ++reopened) {  // each makes a table
    reopen();
    fill(200);
  }
  reopen();
  const auto before = size_of_tables();
  const WallTime now{std::chrono::hours{last - 100}};
  ASSERT_TRUE(journal->purge(now).has_value());
  EXPECT_LT(size_of_tables(), before / 2);
  EXPECT_FALSE(journal->find(small_record((last - 101) * kHour).id).has_value());
  EXPECT_TRUE(journal->find(small_record((last - 100) * kHour).id).has_value());
  EXPECT_EQ(requests_of(journal->tallies()), last);
  reopen();
  EXPECT_EQ(requests_of(journal->tallies()), last);
  EXPECT_FALSE(journal->find(small_record((last - 101) * kHour).id).has_value());
  ASSERT_TRUE(journal->purge(WallTime{}).has_value()) << "an earlier time";
  EXPECT_FALSE(journal->find(small_record((last - 101) * kHour).id).has_value());
}

TEST(JournalOpen, RefusesTheStoreOfAnotherFormat) {
  const TemporaryDirectory directory;
  const std::string path = directory / "journal";
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, path, &opened).ok());
  std::unique_ptr<rocksdb::DB> database(opened);
  ASSERT_TRUE(database->Put({}, "format", std::string("\0\0\0\1", 4)).ok());
  rocksdb::ColumnFamilyHandle* records = nullptr;
  for (const bool with_families : {false, true}) {
    SCOPED_TRACE(with_families);
    if (with_families) {
      ASSERT_TRUE(rocksdb::DB::Open(options, path, &opened).ok());
      database.reset(opened);
      // What a refused open created would hide the families of the old format.
      ASSERT_TRUE(database->CreateColumnFamily({}, "records", &records).ok());
      database->DestroyColumnFamilyHandle(records).PermitUncheckedError();
    }
    database.reset();
    Names names;
    const auto journal = Journal::open({.path = path}, names);
    ASSERT_FALSE(journal.has_value());
    EXPECT_EQ(journal.error().code, Errc::storage_corrupt);
    EXPECT_NE(journal.error().message.find("use the tallygate that wrote it"), std::string::npos)
        << journal.error().message;
    std::filesystem::remove_all(path);
  }
}

}  // namespace
}  // namespace tallygate::store
