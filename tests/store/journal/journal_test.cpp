#include "store/journal/journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <string>

#include "store/journal/reading/journal_reader.h"
#include "tests/store/journal/journal_kit.h"
#include "tests/support/records.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

using testing::small_record;
using testing::TemporaryDirectory;

TEST(Journal, CommitsWhatIsHandedOver) {
  const TemporaryDirectory directory;
  Names names;
  auto journal = Journal::open({.path = directory / "journal"}, names).value();
  Writer writer(*journal);
  for (std::uint64_t n = 1; n <= 1000; ++n) {
    EXPECT_EQ(writer.producer().append(small_record(n)), n);
    if (n % 16 == 0) writer.producer().hand_over();
  }
  writer.producer().hand_over();
  writer.wait_for(1000);
  EXPECT_EQ(journal->status().committed, 1000U);
  EXPECT_EQ(journal->status().dropped, 0U);
  EXPECT_EQ(journal->status().queued, 0U);
  EXPECT_EQ(requests_of(journal->tallies()), 1000U);
  EXPECT_EQ(journal->find(small_record(700).id).value().latency_us, small_record(700).latency_us);
  EXPECT_EQ(journal->find(small_record(1001).id).error().code, Errc::not_found);
}

TEST(Journal, TakesMoreThanOneBatchWithoutAHandOver) {
  const TemporaryDirectory directory;
  Names names;
  auto journal = Journal::open({.path = directory / "journal"}, names).value();
  Writer writer(*journal);
  for (std::uint64_t n = 1; n <= 1500; ++n) writer.producer().append(small_record(n));
  writer.producer().hand_over();
  writer.wait_for(1500);
  EXPECT_EQ(requests_of(journal->tallies()), 1500U);
  EXPECT_GE(journal->status().batches, 3U);
}

TEST(Journal, ServesManyProducersInOrder) {
  const TemporaryDirectory directory;
  Names names;
  auto journal = Journal::open({.path = directory / "journal"}, names).value();
  constexpr std::uint64_t kEach = 2000;
  std::vector<std::thread> workers;
  for (std::uint64_t w = 0; w < 4; ++w) {
    workers.emplace_back([&journal, w] {
      Writer writer(*journal);
      for (std::uint64_t n = 1; n <= kEach; ++n) {
        writer.producer().append(small_record(w * kEach + n));
        if (n % 7 == 0) writer.producer().hand_over();
      }
      writer.producer().hand_over();
      writer.wait_for(kEach);
    });
  }
  for (auto& worker : workers) worker.join();
  EXPECT_EQ(journal->status().committed, 4 * kEach);
  journal->close();
  expect_exact(directory / "journal", 4 * kEach);
}

TEST(Journal, FindsByTheModelsOwnResponseId) {
  const TemporaryDirectory directory;
  Names names;
  auto journal = Journal::open({.path = directory / "journal"}, names).value();
  Writer writer(*journal);
  auto record = small_record(1);
  record.response_id = "chatcmpl-8fJ2k";
  writer.commit({record});
  EXPECT_EQ(journal->find_by_response_id("chatcmpl-8fJ2k").value().id, record.id);
  EXPECT_EQ(journal->find_by_response_id("chatcmpl-none").error().code, Errc::not_found);
}

TEST(Journal, LeavesResponseIdsAloneWhenToldTo) {
  const TemporaryDirectory directory;
  Names names;
  auto journal =
      Journal::open({.path = directory / "journal", .index_response_ids = false}, names).value();
  Writer writer(*journal);
  auto record = small_record(1);
  record.response_id = "chatcmpl-8fJ2k";
  writer.commit({record});
  EXPECT_FALSE(journal->find_by_response_id("chatcmpl-8fJ2k").has_value());
  EXPECT_EQ(journal->find(record.id).value().response_id, "chatcmpl-8fJ2k");
}

TEST(Journal, KeepsNamesAndTalliesOverACloseAndAnOpen) {
  const TemporaryDirectory directory;
  const JournalOptions options{.path = directory / "journal"};
  {
    Names names;
    auto journal = Journal::open(options, names).value();
    Writer writer(*journal);
    names.intern("route");
    names.intern("version");
    writer.commit({small_record(1), small_record(2)});
    names.intern("target");
    writer.commit({small_record(3)});
  }
  Names names;
  auto journal = Journal::open(options, names).value();
  EXPECT_EQ(names.size(), 3U);
  EXPECT_EQ(names.text(3), "target");
  EXPECT_EQ(names.find("version"), 2U);
  EXPECT_EQ(requests_of(journal->tallies()), 3U);
  Writer writer(*journal);
  writer.commit({small_record(4)});
  EXPECT_EQ(requests_of(journal->tallies()), 4U);
}

TEST(Journal, RefusesATableOfNamesThatKnowsOtherNames) {
  const TemporaryDirectory directory;
  const JournalOptions options{.path = directory / "journal"};
  {
    Names names;
    auto journal = Journal::open(options, names).value();
    names.intern("route");
    Writer(*journal).commit({small_record(1)});
  }
  Names names;
  names.intern("other");
  EXPECT_EQ(Journal::open(options, names).error().code, Errc::internal);
}

TEST(Journal, GivesThoseTalliesThatAreAskedFor) {
  const TemporaryDirectory directory;
  Names names;
  auto journal = Journal::open({.path = directory / "journal"}, names).value();
  auto other = small_record(2);
  other.route = 9;
  auto enrolled = small_record(3);
  enrolled.experiment = 4;
  Writer(*journal).commit({small_record(1), other, enrolled});
  EXPECT_EQ(journal->tallies().entries.size(), 3U);
  router::TallyFilter filter;
  filter.route = 9;
  const auto tallies = journal->tallies(filter);
  ASSERT_EQ(tallies.entries.size(), 1U);
  EXPECT_EQ(tallies.entries[0].first.route, 9U);
  EXPECT_EQ(tallies.entries[0].second.latency.count(), 1U);
  filter = {};
  filter.experiment = 4;
  const auto totals = journal->totals(filter);
  ASSERT_EQ(totals.entries.size(), 1U);
  EXPECT_EQ(totals.entries[0].second.latency_us_sum, enrolled.latency_us);
}

TEST(Journal, DropsTheNewestWhenTheQueueIsFullAndLetsNobodyWait) {
  const TemporaryDirectory directory;
  Names names;
  auto journal =
      Journal::open({.path = directory / "journal", .max_queued_records = 10}, names).value();
  Writer writer(*journal);
  for (std::uint64_t n = 1; n <= 25; ++n) writer.producer().append(small_record(n));
  writer.producer().hand_over();
  writer.wait_for(25);
  EXPECT_EQ(journal->status().dropped, 15U);
  EXPECT_EQ(journal->status().committed, 10U);
  EXPECT_TRUE(journal->find(small_record(10).id).has_value());
  EXPECT_FALSE(journal->find(small_record(11).id).has_value());
  EXPECT_EQ(requests_of(journal->tallies()), 10U);
}

TEST(Journal, BoundsTheBytesOfTheQueue) {
  const TemporaryDirectory directory;
  Names names;
  auto journal =
      Journal::open({.path = directory / "journal", .max_queued_bytes = 10'000}, names).value();
  Writer writer(*journal);
  for (std::uint64_t n = 1; n <= 3; ++n) {
    auto record = small_record(n);
    record.tags = std::string(4'000, 't');
    writer.producer().append(std::move(record));
  }
  writer.producer().hand_over();
  writer.wait_for(3);
  EXPECT_EQ(journal->status().dropped, 1U);
  EXPECT_EQ(journal->status().queued, 0U);
}

TEST(Journal, DropsWhatComesAfterItsClose) {
  const TemporaryDirectory directory;
  Names names;
  auto journal = Journal::open({.path = directory / "journal"}, names).value();
  Writer writer(*journal);
  writer.producer().append(small_record(1));
  writer.producer().hand_over();
  journal->close();
  journal->close();
  EXPECT_EQ(writer.producer().committed(), 1U);
  writer.producer().append(small_record(2));
  writer.producer().hand_over();
  EXPECT_EQ(writer.producer().committed(), 2U);
  EXPECT_EQ(journal->status().dropped, 1U);
  EXPECT_EQ(journal->status().queued, 0U);
  EXPECT_EQ(journal->find(small_record(1).id).error().code, Errc::storage_unavailable);
  EXPECT_EQ(journal->purge(WallTime{}).error().code, Errc::storage_unavailable);
  expect_exact(directory / "journal", 1);
}

TEST(Journal, ForgetsWhatIsPastItsRetentionAndKeepsItsTallies) {
  const TemporaryDirectory directory;
  const JournalOptions options{.path = directory / "journal",
                               .retention = std::chrono::milliseconds{1000}};
  {
    Names names;
    auto journal = Journal::open(options, names).value();
    Writer writer(*journal);
    std::vector<router::Record> records;
    for (std::uint64_t n = 1; n <= 5000; ++n) {
      records.push_back(small_record(n));
      records.back().response_id = "r" + std::to_string(n);
    }
    writer.commit(records);
    ASSERT_TRUE(journal->purge(WallTime{std::chrono::milliseconds{4000}}).has_value());
    EXPECT_FALSE(journal->find(small_record(2999).id).has_value());
    EXPECT_TRUE(journal->find(small_record(3000).id).has_value());
    EXPECT_FALSE(journal->find_by_response_id("r2999").has_value());
    EXPECT_TRUE(journal->find_by_response_id("r3000").has_value());
    EXPECT_EQ(requests_of(journal->tallies()), 5000U);
  }
  Names names;
  auto journal = Journal::open(options, names).value();
  EXPECT_FALSE(journal->find(small_record(2999).id).has_value());
  EXPECT_TRUE(journal->find(small_record(3000).id).has_value());
  EXPECT_EQ(requests_of(journal->tallies()), 5000U);
}

void expect_refused(const std::string& path, Errc code, const std::string& words) {
  Names names;
  const auto journal = Journal::open({.path = path}, names);
  ASSERT_FALSE(journal.has_value()) << path;
  EXPECT_EQ(journal.error().code, code) << journal.error().message;
  EXPECT_NE(journal.error().message.find(words), std::string::npos) << journal.error().message;
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST(JournalOpen, SaysThatAnotherHasIt) {
  const TemporaryDirectory directory;
  Names names;
  auto journal = Journal::open({.path = directory / "journal"}, names).value();
  expect_refused(directory / "journal", Errc::storage_unavailable, "another tallygate has it open");
}

TEST(JournalOpen, SaysWhyADirectoryCannotBeUsed) {
  const TemporaryDirectory directory;
  write_file(directory / "file", "x");
  const auto code = Errc::storage_unavailable;
  expect_refused(directory / "file", code, "cannot be");
  expect_refused(directory / "file/journal", code, "the directory cannot be made");
  expect_refused("/proc/tallygate/journal", code, "the directory cannot be made");
  expect_refused(directory / std::string(300, 'n'), code, "File name too long");
  expect_refused("/" + std::string(5000, '/') + std::string(5000, 'n'), code, "too long");
  expect_refused("", code, "the directory cannot be made");
}

TEST(JournalOpen, SaysWhatToDoWithADamagedDatabase) {
  for (const std::string damage : {"garbled MANIFEST", "no MANIFEST", "no CURRENT", "no SST"}) {
    SCOPED_TRACE(damage);
    const TemporaryDirectory directory;
    const std::string path = directory / "journal";
    {
      Names names;
      auto journal = Journal::open({.path = path}, names).value();
      Writer(*journal).commit({small_record(1)});
      journal->close();
      Names again;  // an open flushes what the log holds, so that there is an SST
      Journal::open({.path = path}, again).value()->close();
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      const auto name = entry.path().filename().string();
      const bool manifest = name.starts_with("MANIFEST");
      if (manifest && damage == "garbled MANIFEST") write_file(entry.path(), std::string(99, 'x'));
      if (manifest && damage == "no MANIFEST") std::filesystem::remove(entry.path());
      if (name == "CURRENT" && damage == "no CURRENT") std::filesystem::remove(entry.path());
      if (name.ends_with(".sst") && damage == "no SST") std::filesystem::remove(entry.path());
    }
    expect_refused(path, Errc::storage_corrupt, "--quarantine-corrupt");
  }
}

TEST(JournalOpen, ForgivesATornTailOfTheLog) {
  const TemporaryDirectory directory;
  const TemporaryDirectory copy;
  {
    Names names;
    auto journal = Journal::open({.path = directory / "journal"}, names).value();
    Writer writer(*journal);
    for (std::uint64_t n = 1; n <= 20; ++n) writer.commit({small_record(n)});
    std::filesystem::copy(directory / "journal", copy / "journal");
  }
  for (const auto& entry : std::filesystem::directory_iterator(copy / "journal")) {
    if (entry.path().extension() != ".log") continue;
    const auto size = std::filesystem::file_size(entry.path());
    std::filesystem::resize_file(entry.path(), size - 3);
  }
  Names names;
  auto journal = Journal::open({.path = copy / "journal"}, names).value();
  EXPECT_EQ(requests_of(journal->tallies()), 19U);
  Writer(*journal).commit({small_record(20)});
  journal->close();
  expect_exact(copy / "journal", 20);
}

}  // namespace
}  // namespace tallygate::store
