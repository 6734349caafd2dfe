#include "store/journal/reading/journal_reader.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/store/journal/journal_kit.h"
#include "tests/support/records.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

using testing::small_record;
using testing::TemporaryDirectory;

WallTime at_millis(std::int64_t millis) { return WallTime{std::chrono::milliseconds{millis}}; }

/// Records 1..100, one each millisecond; each third is of route "other".
void write_hundred(const std::string& path) {
  Names names;
  auto journal = Journal::open({.path = path}, names).value();
  names.intern("route");
  const auto other = names.intern("other");
  std::vector<router::Record> records;
  for (std::uint64_t n = 100; n >= 1; --n) {  // commit order is not time order
    records.push_back(small_record(n));
    if (n % 3 == 0) records.back().route = other;
  }
  Writer(*journal).commit(records);
}

/// How many pass, the first committed of them and the last.
std::string check(const JournalReader& reader, const JournalFilter& filter) {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  const auto count = reader.scan(filter, [&](const router::Record& record) {
    const auto n = static_cast<std::uint64_t>(micros_since_epoch(record.started)) / 1000;
    EXPECT_TRUE(last == 0 || n < last) << "not in commit order";
    if (first == 0) first = n;
    last = n;
    return true;
  });
  return std::to_string(count.value()) + ": " + std::to_string(first) + ".." + std::to_string(last);
}

TEST(JournalReader, ScansInCommitOrderWithFilters) {
  const TemporaryDirectory directory;
  write_hundred(directory / "journal");
  const auto reader = JournalReader::open(directory / "journal").value();
  EXPECT_EQ(check(*reader, {}), "100: 100..1");
  EXPECT_EQ(check(*reader, {.since = at_millis(90), .until = {}, .route = ""}), "11: 100..90");
  EXPECT_EQ(check(*reader, {.since = {}, .until = at_millis(10), .route = ""}), "9: 9..1");
  EXPECT_EQ(check(*reader, {.since = at_millis(50), .until = at_millis(53), .route = ""}),
            "3: 52..50");
  EXPECT_EQ(check(*reader, {.since = {}, .until = {}, .route = "other"}), "33: 99..3");
  EXPECT_EQ(check(*reader, {.since = at_millis(97), .until = {}, .route = "other"}), "1: 99..99");
  EXPECT_EQ(check(*reader, {.since = {}, .until = {}, .route = "never heard of"}), "0: 0..0");
  EXPECT_EQ(check(*reader, {.since = at_millis(101), .until = {}, .route = ""}), "0: 0..0");
  EXPECT_EQ(check(*reader, {.since = at_millis(9), .until = at_millis(3), .route = ""}), "0: 0..0");
}

TEST(JournalReader, StopsWhenToldTo) {
  const TemporaryDirectory directory;
  write_hundred(directory / "journal");
  const auto reader = JournalReader::open(directory / "journal").value();
  int calls = 0;
  EXPECT_EQ(reader->scan({}, [&](const auto&) { return ++calls < 5; }).value(), 5U);
  EXPECT_EQ(calls, 5);
}

TEST(JournalReader, FindsOneAndKnowsTheNames) {
  const TemporaryDirectory directory;
  write_hundred(directory / "journal");
  const auto reader = JournalReader::open(directory / "journal").value();
  EXPECT_EQ(reader->names().text(reader->find(small_record(99).id).value().route), "other");
  EXPECT_EQ(reader->find(small_record(101).id).error().code, Errc::not_found);
}

TEST(JournalReader, SaysWhatItLookedFor) {
  const TemporaryDirectory directory;
  for (const std::string& path : {directory / "none", directory.path(), std::string(5000, 'n')}) {
    const auto reader = JournalReader::open(path);
    ASSERT_FALSE(reader.has_value());
    EXPECT_EQ(reader.error().code, Errc::storage_unavailable);
    EXPECT_NE(reader.error().message.find("no journal at"), std::string::npos);
  }
}

TEST(JournalReader, LeavesNoFilesBehind) {
  const TemporaryDirectory directory;
  const TemporaryDirectory scratch;
  write_hundred(directory / "journal");
  setenv("TMPDIR", scratch.path().c_str(), 1);
  const auto entries = [&] {
    std::filesystem::directory_iterator end;
    return std::distance(std::filesystem::directory_iterator(scratch.path()), end);
  };
  {
    const auto reader = JournalReader::open(directory / "journal").value();
    EXPECT_EQ(entries(), 1);
  }
  EXPECT_EQ(entries(), 0);
  unsetenv("TMPDIR");
}

TEST(JournalReader, ReadsBesideALiveWriter) {
  const TemporaryDirectory directory;
  Names names;
  auto journal = Journal::open({.path = directory / "journal",
                                .checkpoint_interval = std::chrono::milliseconds{1}},
                               names)
                     .value();
  Writer writer(*journal);
  writer.commit({small_record(1)});
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> written{1};
  std::atomic<std::uint64_t> allowed{200};
  std::thread load([&] {
    for (std::uint64_t n = 2; !stop; ++n) {
      while (n > allowed && !stop) std::this_thread::yield();
      writer.commit({small_record(n)});
      written = n;
    }
  });
  for (int round = 0; round < 10; ++round) {
    const auto before = written.load();
    allowed = before + 200;
    const auto reader = JournalReader::open(directory / "journal");
    ASSERT_TRUE(reader.has_value()) << reader.error().message;
    const auto tallies = (*reader)->tallies();
    ASSERT_TRUE(tallies.has_value()) << tallies.error().message;
    EXPECT_GE(requests_of(*tallies), before);
    EXPECT_EQ((*reader)->scan({}, [](const auto&) { return true; }).value(), requests_of(*tallies));
  }
  stop = true;
  load.join();
}

}  // namespace
}  // namespace tallygate::store
