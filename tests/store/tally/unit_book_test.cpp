#include "store/tally/unit_book.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/store/journal/journal_kit.h"
#include "tests/support/records.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

using testing::TemporaryDirectory;

router::Record exposure(router::NameId experiment, std::uint32_t epoch, std::uint8_t variant,
                        std::uint64_t unit_hash) {
  static std::uint64_t n = 0;
  auto record = testing::small_record(++n);
  record.experiment = experiment;
  record.epoch = epoch;
  record.variant = variant;
  record.unit_hash = unit_hash;
  return record;
}

/// "epoch/variant: units; ...", then what is not exact about them.
std::string text_of(const UnitCounts& counts) {
  std::string text;
  for (const auto& arm : counts.arms) {
    text += std::to_string(arm.epoch) + "/" + std::to_string(arm.variant) + ": " +
            std::to_string(arm.units) + "; ";
  }
  return text + (counts.exact ? "" : "estimated") + (counts.frozen ? "frozen" : "");
}

TEST(UnitBook, CountsAUnitOnceWhereItWasSeenFirst) {
  UnitBook book;
  book.fold(exposure(1, 1, 0, 100));
  book.fold(exposure(1, 1, 0, 100));
  book.fold(exposure(1, 1, 1, 101));
  book.fold(exposure(1, 2, 1, 100));
  book.fold(exposure(1, 2, 1, 102));
  book.fold(exposure(2, 1, 0, 100));
  EXPECT_EQ(text_of(book.counts(1)), "1/0: 1; 1/1: 1; 2/1: 1; ");
  EXPECT_EQ(book.counts(1).units_of(1), 2U);
  EXPECT_EQ(text_of(book.counts(2)), "1/0: 1; ");
  EXPECT_EQ(text_of(book.counts(3)), "");
}

TEST(UnitBook, LeavesOutWhatIsNoExposure) {
  UnitBook book;
  book.fold(exposure(0, 1, 0, 100));
  book.fold(exposure(1, 1, 0, 0));
  auto mirrored = exposure(1, 1, 0, 100);
  mirrored.mirrored = true;
  book.fold(mirrored);
  EXPECT_EQ(text_of(book.counts(1)), "");
}

TEST(UnitBook, IsExactUpToItsLimitAndCloseBeyond) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 dice(seed);
  UnitBook book;
  for (std::size_t i = 0; i < UnitBook::kMaxExactUnits; ++i) book.fold(exposure(1, 1, 0, dice()));
  EXPECT_EQ(text_of(book.counts(1)), "1/0: 100000; ");
  EXPECT_TRUE(book.is_checkpoint_urgent());
  for (int i = 0; i < 200'000; ++i) {
    book.fold(exposure(1, 2, static_cast<std::uint8_t>(i % 2), dice()));
  }
  const auto counts = book.counts(1);
  EXPECT_FALSE(counts.exact);
  ASSERT_EQ(counts.arms.size(), 3U);
  EXPECT_EQ(counts.arms[0].units, 100'000U);
  // Four standard errors of the sum; each arm also has the luck of its own half.
  EXPECT_NEAR(static_cast<double>(counts.arms[1].units + counts.arms[2].units), 200'000, 5'200);
  EXPECT_NEAR(static_cast<double>(counts.arms[1].units), 100'000, 5'200);
}

TEST(UnitBook, FreezesWhatIsForgottenUntilALaterEpoch) {
  UnitBook book;
  book.fold(exposure(1, 2, 0, 100));
  book.forget(1);
  book.forget(2);
  book.fold(exposure(1, 2, 0, 101));
  book.fold(exposure(1, 1, 0, 102));
  EXPECT_EQ(text_of(book.counts(1)), "2/0: 1; frozen");
  book.fold(exposure(1, 3, 0, 100));
  EXPECT_EQ(text_of(book.counts(1)), "2/0: 1; 3/0: 1; ");
}

TEST(UnitBook, EstimatesExperimentsBeyondTheNumberOfSetsUntilOneIsForgotten) {
  UnitBook book;
  for (router::NameId name = 1; name <= UnitBook::kMaxExactExperiments + 1; ++name) {
    book.fold(exposure(name, 1, 0, 100));
  }
  EXPECT_TRUE(book.counts(UnitBook::kMaxExactExperiments).exact);
  EXPECT_EQ(text_of(book.counts(UnitBook::kMaxExactExperiments + 1)), "1/0: 1; estimated");
  book.forget(1);
  book.fold(exposure(1000, 1, 0, 100));
  EXPECT_TRUE(book.counts(1000).exact);
}

TEST(JournalUnits, GoOnAfterARestartAsIfNothingHadHappened) {
  const TemporaryDirectory directory;
  const JournalOptions options{.path = directory / "journal"};
  std::mt19937_64 dice(1);
  UnitBook expected;
  constexpr router::NameId kExperiments = UnitBook::kMaxExactExperiments + 3;
  for (int round = 0; round < 3; ++round) {
    Names names;
    auto journal = Journal::open(options, names).value();
    std::vector<router::Record> records;
    for (int i = 0; i < 1000; ++i) {
      records.push_back(exposure(1 + static_cast<router::NameId>(dice() % kExperiments),
                                 static_cast<std::uint32_t>(round), dice() % 2, 1 + dice() % 50));
      expected.fold(records.back());
    }
    Writer(*journal).commit(records);
    for (router::NameId name = 1; name <= kExperiments; ++name) {
      EXPECT_EQ(text_of(journal->units(name)), text_of(expected.counts(name))) << name;
    }
    ASSERT_TRUE(journal->forget_experiment(static_cast<router::NameId>(1 + round)).has_value());
    expected.forget(static_cast<router::NameId>(1 + round));
  }
}

TEST(JournalUnits, StayForgottenAfterARestart) {
  const TemporaryDirectory directory;
  const JournalOptions options{.path = directory / "journal"};
  {
    Names names;
    auto journal = Journal::open(options, names).value();
    Writer writer(*journal);
    writer.commit({exposure(1, 1, 0, 100), exposure(2, 1, 0, UINT64_MAX)});
    ASSERT_TRUE(journal->forget_experiment(1).has_value());
    writer.commit({exposure(1, 1, 0, 101)});
  }
  Names names;
  auto journal = Journal::open(options, names).value();
  EXPECT_EQ(text_of(journal->units(1)), "1/0: 1; frozen");
  Writer(*journal).commit({exposure(1, 2, 1, 100), exposure(2, 1, 1, UINT64_MAX)});
  EXPECT_EQ(text_of(journal->units(1)), "1/0: 1; 2/1: 1; ");
  EXPECT_EQ(text_of(journal->units(2)), "1/0: 1; ");
  journal->close();
  EXPECT_EQ(journal->forget_experiment(1).error().code, Errc::storage_unavailable);
}

}  // namespace
}  // namespace tallygate::store
