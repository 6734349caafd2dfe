// Records are searched from the newest on: page by page, near the times asked for, in bounds,
// beside a writer.

#include <gtest/gtest.h>

#include "store/journal/journal.h"
#include "store/journal/reading/record_search.h"
#include "tests/store/journal/journal_kit.h"
#include "tests/support/records.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

using testing::small_record;
using testing::TemporaryDirectory;

constexpr std::uint64_t kMinute = 60'000;

WallTime at_minute(std::uint64_t minute) { return WallTime{std::chrono::minutes{minute}}; }

std::uint64_t number_of(const router::Record& record) {
  return static_cast<std::uint64_t>(micros_since_epoch(record.started)) / 1000;
}

using Numbers = std::vector<std::uint64_t>;

/// All pages of `search`, one behind the other; `between` is called after each.
template <class Between>
Numbers numbers_of(const Journal& journal, RecordSearch search, const Between& between) {
  Numbers numbers;
  do {
    const auto page = journal.search(search);
    EXPECT_TRUE(page.has_value()) << page.error().message;
    if (!page) break;
    EXPECT_LE(page->records.size(), search.limit);
    for (const auto& record : page->records) numbers.push_back(number_of(record));
    search.before = page->next;
    between();
  } while (search.before);
  return numbers;
}

Numbers numbers_of(const Journal& journal, const RecordSearch& search) {
  return numbers_of(journal, search, [] {});
}

struct Searched {
  TemporaryDirectory directory;
  Names names;
  std::unique_ptr<Journal> journal =
      Journal::open({.path = directory / "journal",
                     .retention = std::chrono::milliseconds{0},
                     .checkpoint_interval = std::chrono::milliseconds{0}},
                    names)
          .value();
  Writer writer{*journal};
};

TEST(JournalSearch, GoesThroughTheWholeFromTheNewestOn) {
  Searched log;
  EXPECT_EQ(numbers_of(*log.journal, {}), Numbers{});
  Numbers all;
  Numbers of_route;
  for (std::uint64_t n = 1; n <= 2000;) {
    std::vector<router::Record> batch;
    for (const auto end = n + 1 + n % 700; n <= end; ++n) {
      batch.push_back(small_record(n));
      if (n % 7 == 0) batch.back().route = 9;
      all.insert(all.begin(), n);
      if (n % 7 == 0) of_route.insert(of_route.begin(), n);
    }
    log.writer.commit(batch);
  }
  EXPECT_EQ(numbers_of(*log.journal, {.limit = 5000}), all);
  for (const std::size_t limit : {1000U, 999U, 64U}) {
    EXPECT_EQ(numbers_of(*log.journal, {.limit = limit}), all) << limit;
  }
  std::uint64_t newer = 1'000'000;
  const auto more = [&] { log.writer.commit({small_record(newer++)}); };
  EXPECT_EQ(numbers_of(*log.journal, {.route = 9, .limit = 10}, more), of_route);
  EXPECT_EQ(numbers_of(*log.journal, {.route = 9, .limit = 10, .limits = {.records = 30}}, more),
            of_route);
  EXPECT_EQ(numbers_of(*log.journal, {.route = 8, .limits = {.records = 100}}), Numbers{});
}

TEST(JournalSearch, EndsWhenItsTimeIsUpAndGoesOn) {
  Searched log;
  Numbers all;
  for (std::uint64_t n = 1; n <= 600; ++n) {
    log.writer.commit({small_record(n)});
    all.insert(all.begin(), n);
  }
  const RecordSearch hurried{.limit = 1000, .limits = {.time = std::chrono::milliseconds{0}}};
  const auto page = log.journal->search(hurried).value();
  EXPECT_TRUE(page.next.has_value());
  EXPECT_LT(page.records.size(), 600U);
  EXPECT_EQ(numbers_of(*log.journal, hurried), all);
}

/// One request each ten minutes; each fifth took five hours.
constexpr std::uint64_t kMinutes = 10'000;
Numbers fill(Searched& log) {
  Numbers minutes;
  for (std::uint64_t minute = 10; minute <= kMinutes; minute += 10) {
    const auto made = minute % 50 == 0 && minute > 300 ? minute - 300 : minute;
    log.writer.commit({small_record(made * kMinute)});
    minutes.push_back(made);
  }
  return minutes;
}

TEST(JournalSearch, LooksOnlyNearTheTimesAskedForAndMissesNothing) {
  Searched log;
  const Numbers minutes = fill(log);
  const auto check = [&](std::uint64_t since, std::uint64_t until, bool at_once) {
    Numbers expected;
    for (const auto minute : minutes) {
      if (minute >= since && minute < until) expected.insert(expected.begin(), minute * kMinute);
    }
    RecordSearch search{.since = at_minute(since),
                        .until = at_minute(until),
                        .limit = 5000,
                        .limits = {.time = std::chrono::milliseconds{0}}};
    EXPECT_EQ(numbers_of(*log.journal, search), expected) << since << " " << until;
    // In no time, some hundred batches are looked at.
    EXPECT_EQ(log.journal->search(search)->next.has_value(), !at_once) << since << " " << until;
  };
  check(kMinutes - 500, kMinutes + 1, true);
  check(kMinutes + 1, kMinutes + 2, true);
  check(0, 500, true);
  check(5000, 5200, true);
  check(0, kMinutes + 1, false);
}

TEST(JournalSearch, ShowsNothingThatIsForgotten) {
  Searched log;
  log.writer.commit({small_record(1), small_record(2), small_record(3), small_record(4)});
  log.writer.commit({small_record(5)});
  ASSERT_TRUE(log.journal->purge(WallTime{std::chrono::milliseconds{4}}).has_value());
  EXPECT_EQ(numbers_of(*log.journal, {}), (Numbers{5, 4}));
  EXPECT_EQ(numbers_of(*log.journal, {.since = WallTime{}}), (Numbers{5, 4}));
}

TEST(JournalSearch, FindsWhatWasWrittenBeforeAReopen) {
  const TemporaryDirectory directory;
  for (std::uint64_t n = 1; n <= 3; ++n) {
    Names names;
    auto journal = Journal::open({.path = directory / "journal"}, names).value();
    Writer(*journal).commit({small_record(n)});
    EXPECT_EQ(numbers_of(*journal, {.limit = 1}).size(), n);
  }
}

}  // namespace
}  // namespace tallygate::store
