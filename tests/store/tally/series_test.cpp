#include "store/tally/series.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/store/journal/journal_kit.h"
#include "tests/support/records.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

using testing::small_record;
using testing::TemporaryDirectory;
using namespace std::chrono_literals;

router::Record record_at(WallTime started, std::uint32_t latency_us = 1000) {
  static std::uint64_t n = 0;
  auto record = small_record(++n);
  record.started = started;
  record.latency_us = latency_us;
  return record;
}

/// "start in minutes: requests", for each point.
std::string text_of(const Result<std::vector<SeriesPoint>>& points) {
  if (!points) return points.error().message;
  std::string text;
  for (const auto& point : *points) {
    text += std::to_string(micros_since_epoch(point.start) / 60'000'000) + ": " +
            std::to_string(point.totals.requests) + "; ";
  }
  return text;
}

TEST(Series, PutsARecordIntoTheMinuteOfItsEnd) {
  const auto check = [](std::chrono::microseconds started, std::uint32_t latency_us,
                        std::uint32_t minute) {
    EXPECT_EQ(minute_of_end(record_at(WallTime{started}, latency_us)), minute);
  };
  check(0us, 0, 0);
  check(59'999'999us, 0, 0);
  check(59'999'999us, 1, 1);
  check(60s, 120'000'000, 3);
  check(-5s, 0, 0);
  check(std::chrono::microseconds::min(), UINT32_MAX, 71);
  check(std::chrono::microseconds::max(), UINT32_MAX, kLastMinute);
}

TEST(Series, SortsKeysByTimeWithinAChunkOfAKey) {
  router::TallyKey key;
  for (const Resolution resolution : kResolutions) {
    EXPECT_EQ(series_key(resolution, 5, key).size(), kSeriesKeyBytes);
    EXPECT_LT(series_key(resolution, 255, key), series_key(resolution, 256, key));
  }
  EXPECT_LT(series_key(Resolution::minute, 1439, key), series_chunk_key(Resolution::minute, 1));
  EXPECT_GT(series_key(Resolution::minute, 1440, key), series_chunk_key(Resolution::minute, 1));
}

TEST(JournalSeries, AnswersWithStoredAndUnstoredRecordsInEveryResolution) {
  const TemporaryDirectory directory;
  const std::string path = directory / "journal";
  for (int round = 0; round < 3; ++round) {
    Names names;
    auto journal = Journal::open({.path = path}, names).value();
    Writer writer(*journal);
    // The second and third time into buckets that are stored, older ones last.
    writer.commit({record_at(WallTime{61min}), record_at(WallTime{61min + 30s}),
                   record_at(WallTime{25h}), record_at(WallTime{62min}),
                   record_at(WallTime{1min})});
    const auto expected = [&](std::initializer_list<std::pair<int, int>> points) {
      std::string text;
      for (const auto& [minute, requests] : points) {
        text += std::to_string(minute) + ": " + std::to_string(requests * (round + 1)) + "; ";
      }
      return text;
    };
    EXPECT_EQ(text_of(journal->series(series_query(Resolution::minute))),
              expected({{1, 1}, {61, 2}, {62, 1}, {1500, 1}}));
    EXPECT_EQ(text_of(journal->series(series_query(Resolution::hour))),
              expected({{0, 1}, {60, 3}, {1500, 1}}));
    EXPECT_EQ(text_of(journal->series(series_query(Resolution::day))),
              expected({{0, 4}, {1440, 1}}));
    SeriesQuery query;
    query.from = WallTime{61min + 59s};
    query.to = WallTime{62min};
    EXPECT_EQ(text_of(journal->series(query)), expected({{61, 2}}));
    query.to = WallTime{62min + 1us};
    EXPECT_EQ(text_of(journal->series(query)), expected({{61, 2}, {62, 1}}));
  }
}

TEST(JournalSeries, SumsTheKeysThatPass) {
  const TemporaryDirectory directory;
  Names names;
  auto journal = Journal::open({.path = directory / "journal"}, names).value();
  auto enrolled = small_record(1);
  enrolled.experiment = 7;
  enrolled.epoch = 2;
  enrolled.variant = 1;
  enrolled.unit_hash = 5;
  auto other = small_record(2);
  other.route = 8;
  auto mirrored = enrolled;
  mirrored.id = small_record(3).id;
  mirrored.mirrored = true;
  Writer(*journal).commit({enrolled, other, mirrored, small_record(4)});
  const auto check = [&](const router::TallyFilter& filter, const std::string& expected) {
    EXPECT_EQ(text_of(journal->series(series_query(Resolution::day, filter))), expected);
  };
  router::TallyFilter filter;
  check(filter, "0: 3; ");
  filter.route = 1;
  check(filter, "0: 2; ");
  filter.kind = router::TallyKey::Kind::mirror;
  check(filter, "0: 1; ");
  filter = {};
  filter.experiment = 7;
  check(filter, "0: 1; ");
  filter.epoch = 3;
  check(filter, "");
}

TEST(JournalSeries, RefusesTimesThatMakeNoSense) {
  const TemporaryDirectory directory;
  Names names;
  auto journal = Journal::open({.path = directory / "journal"}, names).value();
  SeriesQuery query;
  EXPECT_EQ(journal->series(query).error().code, Errc::invalid_parameter);
  query.to = WallTime::max();
  EXPECT_EQ(journal->series(query).error().code, Errc::invalid_parameter);
  query.from = WallTime::max();
  query.to = WallTime::min();
  EXPECT_EQ(journal->series(query).error().code, Errc::invalid_parameter);
  EXPECT_EQ(text_of(journal->series(series_query(Resolution::minute))), "");
}

TEST(JournalSeries, DropsChunksThatAreTooOldAndKeepsDays) {
  const TemporaryDirectory directory;
  Names names;
  auto journal = Journal::open({.path = directory / "journal"}, names).value();
  Writer writer(*journal);
  writer.commit({record_at(WallTime{23h + 59min}), record_at(WallTime{24h})});
  ASSERT_TRUE(journal->purge(WallTime{47h + 59min}).has_value());
  EXPECT_EQ(text_of(journal->series(series_query(Resolution::minute))), "1439: 1; 1440: 1; ");
  ASSERT_TRUE(journal->purge(WallTime{48h}).has_value());
  EXPECT_EQ(text_of(journal->series(series_query(Resolution::minute))), "1440: 1; ");
  EXPECT_EQ(text_of(journal->series(series_query(Resolution::hour))), "1380: 1; 1440: 1; ");
  ASSERT_TRUE(journal->purge(WallTime{24h * 61}).has_value());
  EXPECT_EQ(text_of(journal->series(series_query(Resolution::hour))), "");
  EXPECT_EQ(text_of(journal->series(series_query(Resolution::day))), "0: 1; 1440: 1; ");
}

TEST(JournalSeries, EqualsARecountInWhateverOrderAndOverRestarts) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 dice(seed);
  const TemporaryDirectory directory;
  const std::string path = directory / "journal";
  for (int round = 0; round < 4; ++round) {
    Names names;
    auto journal = Journal::open(
        {.path = path, .checkpoint_interval = std::chrono::milliseconds{round % 2 * 1000}}, names);
    ASSERT_TRUE(journal.has_value()) << journal.error().message;
    Writer writer(**journal);
    for (int batch = 0; batch < 30; ++batch) {
      std::vector<router::Record> records;
      for (int i = 0; i < 10; ++i) {
        records.push_back(record_at(WallTime{std::chrono::seconds{dice() % 20'000}},
                                    static_cast<std::uint32_t>(dice() % 90'000'000)));
        auto& record = records.back();
        record.target = static_cast<router::NameId>(1 + dice() % 3);
        record.outcome = static_cast<router::Outcome>(dice() % router::kOutcomeCount);
        record.first_token_us = static_cast<std::uint32_t>(dice() % 3 * 1000);
        record.mirrored = dice() % 8 == 0;
        record.experiment = static_cast<router::NameId>(dice() % 3);
        record.epoch = static_cast<std::uint32_t>(dice() % 2);
        record.variant = static_cast<std::uint8_t>(dice() % 2);
        record.unit_hash = dice() % 60;
      }
      writer.commit(records);
    }
    expect_exact_series(**journal, path);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace tallygate::store
