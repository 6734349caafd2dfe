#include "store/journal/reading/record_search.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>

#include "tests/support/records.h"

namespace tallygate::store {
namespace {

using testing::small_record;

/// Batches of a log, by their numbers.
using Log = std::map<std::uint64_t, std::vector<router::Record>>;

std::uint64_t number_of(const router::Record& record) {
  return static_cast<std::uint64_t>(micros_since_epoch(record.started)) / 1000;
}

RecordPage page_of(const Log& log, const RecordSearch& search, WallTime cutoff = {}) {
  PageSearch page(search, cutoff);
  for (auto batch = log.rbegin(); batch != log.rend(); ++batch) {
    std::string bytes;
    for (const auto& record : batch->second) append_record(record, bytes);
    const auto goes_on = page.add_batch(batch->first, bytes);
    EXPECT_TRUE(goes_on.has_value());
    if (!goes_on || !*goes_on) break;
  }
  return page.take();
}

/// "5 4 3 > 2.0": the records, and where the next page goes on.
std::string text_of(const RecordPage& page) {
  std::string text;
  for (const auto& record : page.records) text += std::to_string(number_of(record)) + " ";
  if (!page.next) return text + ".";
  return text + "> " + std::to_string(page.next->batch) + "." + std::to_string(page.next->index);
}

Log three_batches() {
  return {{3, {small_record(1), small_record(2)}},
          {4, {small_record(3)}},
          {7, {small_record(4), small_record(5), small_record(6)}}};
}

void check(const RecordSearch& search, const std::string& expected, WallTime cutoff = {}) {
  EXPECT_EQ(text_of(page_of(three_batches(), search, cutoff)), expected);
}

WallTime at_millis(std::int64_t millis) { return WallTime{std::chrono::milliseconds{millis}}; }

TEST(RecordSearch, ShowsTheNewestFirstAndWhereToGoOn) {
  check({}, "6 5 4 3 2 1 .");
  check({.limit = 6}, "6 5 4 3 2 1 .");
  check({.limit = 5}, "6 5 4 3 2 > 3.1");
  check({.limit = 3}, "6 5 4 > 7.0");
  check({.limit = 1}, "6 > 7.2");
  check({.limit = 2, .before = LogPlace{7, 2}}, "5 4 > 7.0");
  check({.limit = 2, .before = LogPlace{7, 0}}, "3 2 > 3.1");
  check({.limit = 2, .before = LogPlace{3, 1}}, "1 .");
  check({.limit = 2, .before = LogPlace{3, 0}}, ".");
  check({.limit = 2, .before = LogPlace{1, 9}}, ".");
  check({.limit = 1, .before = LogPlace{6, 0}}, "3 > 4.0");  // no such batch
}

TEST(RecordSearch, KnowsTimesToTheMillisecond) {
  check({.since = at_millis(5)}, "6 5 .");
  check({.until = at_millis(3)}, "2 1 .");
  check({.since = at_millis(2), .until = at_millis(5), .limit = 2}, "4 3 > 4.0");
  check({.since = at_millis(7)}, ".");
  check({}, "6 5 4 .", at_millis(4));
  check({.since = at_millis(2)}, "6 5 4 .", at_millis(4));
  check({.since = at_millis(6)}, "6 .", at_millis(4));
}

TEST(RecordSearch, EndsAtItsLimitOfRecordsWithWhatItHas) {
  const RecordSearch none{.route = 99, .limits = {.records = 4}};
  check(none, "> 4.0");
  RecordSearch some{.limits = {.records = 2}};
  check(some, "6 5 > 7.1");
  some.before = LogPlace{7, 1};
  check(some, "4 3 > 4.0");
  // What its id rules out costs nothing.
  check({.until = at_millis(3), .limits = {.records = 2}}, "2 1 .");
  check({.until = at_millis(3), .limits = {.records = 1}}, "2 > 3.1");
}

TEST(RecordSearch, AsksForEveryColumn) {
  router::Record record = small_record(1);
  record.experiment = 5;
  record.assigned_version = 6;
  record.variant = 1;
  record.outcome = router::Outcome::upstream_error;
  record.error = Errc::upstream_reset;
  record.status = 502;
  const RecordSearch all{.route = 1,
                         .assigned_version = 6,
                         .version = 2,
                         .target = 3,
                         .experiment = 5,
                         .variant = 1,
                         .outcome = router::Outcome::upstream_error,
                         .error = Errc::upstream_reset,
                         .status = 502};
  EXPECT_TRUE(RecordSearch{}.matches(record));
  EXPECT_TRUE(all.matches(record));
  const auto with = [](auto member, auto value) {
    RecordSearch search;
    search.*member = value;
    return search;
  };
  using S = RecordSearch;
  for (const auto& other :
       {with(&S::route, 2), with(&S::assigned_version, 2), with(&S::version, 6),
        with(&S::target, 2), with(&S::experiment, 6), with(&S::variant, std::uint8_t{0}),
        with(&S::outcome, router::Outcome::ok), with(&S::error, Errc::upstream_timeout),
        with(&S::status, std::uint16_t{200})}) {
    EXPECT_FALSE(other.matches(record));
  }
  // The error of a record that is ok means nothing.
  record.outcome = router::Outcome::ok;
  EXPECT_FALSE(with(&S::error, Errc::upstream_reset).matches(record));
}

TEST(RecordSearch, RefusesABrokenBatch) {
  std::string batch;
  append_record(small_record(1), batch);
  const RecordSearch search;
  for (std::size_t size = 1; size < batch.size(); ++size) {
    PageSearch page(search, {});
    const auto added = page.add_batch(1, std::string_view(batch).substr(0, size));
    ASSERT_FALSE(added.has_value()) << size;
    EXPECT_EQ(added.error().code, Errc::storage_corrupt);
  }
}

TEST(RecordSearch, CutShortGoesOnWhereItWas) {
  const RecordSearch search{.route = 99};
  PageSearch page(search, {});
  EXPECT_FALSE(page.cut_short());
  std::string batch;
  append_record(small_record(1), batch);
  ASSERT_TRUE(page.add_batch(5, batch).value());
  EXPECT_TRUE(page.cut_short());
  EXPECT_EQ(text_of(page.take()), "> 5.0");
}

TEST(RecordSearch, PagesOfAnySizeAreTheWholeWhileRecordsCome) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  const auto below = [&](std::uint32_t count) {
    return static_cast<std::uint32_t>(dice() % count);
  };
  for (int round = 0; round < 200; ++round) {
    Log log;
    std::uint64_t number = 0;
    std::uint64_t made = 0;
    const auto grow = [&] {
      number += 1 + below(3);
      for (std::uint32_t i = 0; i <= below(6); ++i) {
        log[number].push_back(small_record(++made));
        log[number].back().route = 1 + below(3);
      }
    };
    for (std::uint32_t i = below(12); i > 0; --i) grow();
    RecordSearch search{.route = below(4), .limit = 1000};
    const auto whole = page_of(log, search).records;
    std::vector<std::uint64_t> expected;
    for (const auto& record : whole) expected.push_back(number_of(record));
    std::vector<std::uint64_t> seen;
    do {
      search.limit = 1 + below(4);
      search.limits.records = 1 + below(5);
      const auto page = page_of(log, search);
      for (const auto& record : page.records) seen.push_back(number_of(record));
      search.before = page.next;
      grow();
    } while (search.before);
    ASSERT_EQ(seen, expected);
  }
}

}  // namespace
}  // namespace tallygate::store
