#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "store/journal/journal.h"
#include "tests/store/journal/journal_kit.h"
#include "tests/support/records.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

using testing::small_record;
using testing::TemporaryDirectory;

struct Leased {
  TemporaryDirectory directory;
  Names names;
  std::unique_ptr<Journal> journal = Journal::open({.path = directory / "journal"}, names).value();
  Writer writer{*journal};

  void write(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t n = first; n <= last; ++n) writer.producer().append(small_record(n));
    writer.producer().hand_over();
  }
  std::uint64_t stored() {
    Names fresh;
    const auto opened = Journal::open({.path = directory / "journal"}, fresh);
    return opened.has_value() ? requests_of((*opened)->tallies()) : 0;
  }
};

TEST(JournalLease, LetsAnotherOpenWhatWasReleased) {
  Leased gate;
  gate.write(1, 10);
  ASSERT_TRUE(gate.journal->release().has_value());
  EXPECT_EQ(gate.stored(), 10U);
  ASSERT_TRUE(gate.journal->forward_to([](auto, auto) { return true; }).has_value());
  EXPECT_EQ(gate.journal->find(small_record(1).id).error().code, Errc::storage_unavailable);
}

TEST(JournalLease, LetsReadersWaitUntilItIsBack) {
  Leased gate;
  gate.write(1, 10);
  ASSERT_TRUE(gate.journal->release().has_value());
  std::promise<void> begun;
  auto found = std::async(std::launch::async, [&] {
    begun.set_value();
    return gate.journal->find(small_record(1).id);
  });
  begun.get_future().wait();
  ASSERT_TRUE(gate.journal->take_back().has_value());
  EXPECT_TRUE(found.get().has_value());
}

TEST(JournalLease, KeepsRecordsWaitingUntilItIsTakenBack) {
  Leased gate;
  ASSERT_TRUE(gate.journal->release().has_value());
  gate.write(1, 10);
  EXPECT_EQ(gate.stored(), 0U);
  EXPECT_EQ(gate.writer.producer().committed(), 0U);
  ASSERT_TRUE(gate.journal->take_back().has_value());
  gate.writer.wait_for(10);
  EXPECT_EQ(gate.journal->status().dropped, 0U);
  EXPECT_EQ(requests_of(gate.journal->tallies()), 10U);
}

TEST(JournalLease, IsNotTakenBackFromWhoHasIt) {
  Leased gate;
  ASSERT_TRUE(gate.journal->release().has_value());
  {
    Names fresh;
    const auto other = Journal::open({.path = gate.directory / "journal"}, fresh).value();
    EXPECT_EQ(gate.journal->take_back().error().code, Errc::storage_unavailable);
  }
  EXPECT_TRUE(gate.journal->take_back().has_value());
}

TEST(JournalLease, ForwardsWhatWaitedAndWhatComesAndAcknowledgesIt) {
  Leased gate;
  ASSERT_TRUE(gate.journal->release().has_value());
  gate.write(1, 10);
  std::atomic<std::size_t> seen{0};
  ASSERT_TRUE(gate.journal
                  ->forward_to([&](auto records, auto) {
                    seen += records.size();
                    return true;
                  })
                  .has_value());
  gate.write(11, 600);
  gate.writer.wait_for(600);
  gate.journal->close();
  EXPECT_EQ(seen.load(), 600U);
  EXPECT_EQ(gate.journal->status().dropped, 0U);
  EXPECT_EQ(gate.stored(), 0U);
}

TEST(JournalLease, ForwardsWhatWasStartedOnceItIsTaken) {
  Leased gate;
  const router::TallyKey key = router::variant_key({.route = 1, .version = 2, .experiment = 3});
  ASSERT_TRUE(gate.journal->release().has_value());
  gate.writer.producer().count_started(key, 5);
  [[maybe_unused]] const auto looked_at = gate.journal->tallies();  // takes nothing away
  gate.write(1, 1);
  std::uint64_t started = 0;
  std::atomic<bool> refuses{true};
  ASSERT_TRUE(gate.journal
                  ->forward_to([&](auto, auto starts) {
                    if (refuses) return false;
                    for (const Started& start : starts) started += start.count;
                    return true;
                  })
                  .has_value());
  gate.writer.wait_for(1);
  refuses = false;
  gate.writer.producer().count_started(key);
  gate.write(2, 3);
  gate.writer.wait_for(3);
  gate.write(4, 4);
  gate.writer.wait_for(4);
  gate.journal->close();
  EXPECT_EQ(started, 6U);
}

TEST(JournalLease, CountsWhatNobodyTook) {
  Leased gate;
  ASSERT_TRUE(gate.journal->release().has_value());
  gate.write(1, 10);
  gate.journal->close();
  EXPECT_EQ(gate.journal->status().dropped, 10U);
}

TEST(JournalLease, RefusesToForwardWhatItOwns) {
  Leased gate;
  EXPECT_EQ(gate.journal->forward_to([](auto, auto) { return true; }).error().code,
            Errc::storage_unavailable);
}

}  // namespace
}  // namespace tallygate::store
