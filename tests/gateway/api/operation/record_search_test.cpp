#include "gateway/api/operation/record_search.h"

#include <gtest/gtest.h>

#include <random>

#include "gateway/api/operation/record_fields.h"
#include "gateway/api/operation/record_view.h"
#include "tests/gateway/api/admin_kit.h"
#include "tests/support/records.h"

namespace tallygate::api {
namespace {

using store::LogPlace;
using store::RecordSearch;

/// The names that the journal knows have the ids 1 to 5.
struct Asked {
  AdminKit kit;
  std::vector<RecordSearch> searches;
  store::RecordPage page;

  Asked() {
    for (const auto* name : {"assistant", "1.0.0", "1.1.0", "local", "shown"}) {
      kit.names.intern(name);
    }
    kit.context.find_records = [this](const RecordSearch& search) -> Result<store::RecordPage> {
      searches.push_back(search);
      return page;
    };
  }

  AdminResponse get(const std::string& query) { return kit.get("/api/requests" + query); }
  RecordSearch search_of(const std::string& query) {
    const auto answer = get(query);
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(searches.size(), 1u) << query;
    const auto search = searches.empty() ? RecordSearch{} : searches.back();
    searches.clear();
    return search;
  }
};

std::string text_of(std::optional<WallTime> time) {
  return time ? std::to_string(micros_since_epoch(*time) / 1'000'000) : "-";
}

TEST(RecordSearchApi, ReadsEveryParameter) {
  Asked asked;
  const auto plain = asked.search_of("");
  EXPECT_EQ(plain.limit, 50u);
  EXPECT_FALSE(plain.since || plain.until || plain.variant || plain.outcome || plain.error ||
               plain.status || plain.before);
  const auto all = asked.search_of(
      "?route=assistant&assigned_version=1.0.0&version=1.1.0&target=local&experiment=shown"
      "&variant=b&outcome=upstream_error&error=upstream_reset&status=502&limit=200"
      "&since=2026-11-21T07:00:00Z&until=2026-11-21T08:30:00%2B01:00"
      "&cursor=000000000000002a00000007");
  EXPECT_EQ(all.route, 1u);
  EXPECT_EQ(all.assigned_version, 2u);
  EXPECT_EQ(all.version, 3u);
  EXPECT_EQ(all.target, 4u);
  EXPECT_EQ(all.experiment, 5u);
  EXPECT_EQ(all.variant, std::uint8_t{1});
  EXPECT_EQ(all.outcome, router::Outcome::upstream_error);
  EXPECT_EQ(all.error, Errc::upstream_reset);
  EXPECT_EQ(all.status, std::uint16_t{502});
  EXPECT_EQ(all.limit, 200u);
  EXPECT_EQ(text_of(all.since), "1795244400");
  EXPECT_EQ(text_of(all.until), "1795246200");
  EXPECT_EQ(all.before, (LogPlace{42, 7}));
  asked.kit.context.now = WallTime{std::chrono::seconds{1'795'248'000}};
  EXPECT_EQ(text_of(asked.search_of("?since=1h").since), "1795244401");
}

void check_refused(const std::string& query, const std::string& param, const std::string& part) {
  Asked asked;
  const auto answer = asked.get(query);
  EXPECT_EQ(answer.status, 400u) << query << answer.body;
  EXPECT_EQ(member_of(answer, "error.code"), "invalid_parameter") << query;
  EXPECT_EQ(member_of(answer, "error.param"), param) << query;
  EXPECT_NE(member_of(answer, "error.message").find(part), std::string::npos) << answer.body;
  EXPECT_TRUE(asked.searches.empty()) << query;
}

TEST(RecordSearchApi, SaysWhatWouldBeRight) {
  check_refused("?rout=a", "rout", "did you mean `route`? Known: since, until, route,");
  check_refused("?x=a", "x", "Unknown query parameter. Known: since,");
  check_refused("?route=assistant&route=b", "route", "twice");
  check_refused("?outcome=upstream_eror", "outcome", "did you mean `upstream_error`?");
  check_refused("?outcome=bad", "outcome", "no such outcome: use ok, client_error,");
  check_refused("?error=upstream_rest", "error", "did you mean `upstream_reset`?");
  check_refused("?error=502", "error", "no such error: use bad_framing,");
  check_refused("?variant=1", "variant", "a, b, ...");
  check_refused("?variant=zz", "variant", "a, b, ...");
  for (const auto* status : {"99", "600", "5xx", "-1", "0x1f6", "200.0"}) {
    check_refused(std::string("?status=") + status, "status", "100 to 599");
  }
  check_refused("?since=yesterday", "since", "such as 2026-11-21T08:00:00Z, or 1h");
  check_refused("?until=2026-13-01T00:00:00Z", "until", "such as");
  check_refused("?since=1h&until=2h", "until", "later than since");
  check_refused("?limit=0", "limit", "1 to 200");
  check_refused("?limit=201", "limit", "1 to 200");
}

TEST(RecordSearchApi, TakesItsOwnCursorsOnly) {
  for (const LogPlace place :
       {LogPlace{1, 0}, LogPlace{42, 511}, LogPlace{UINT64_MAX, 0}, LogPlace{1, 0xFFFF}}) {
    EXPECT_EQ(parse_place(key_of(place)), place);
  }
  for (const auto* cursor :
       {"x", "0", "00", "000000000000002a0000000", "000000000000002a000000077",
        "000000000000002a0000000700", "000000000000000000000000", "000000000000002a00010000"}) {
    check_refused(std::string("?cursor=") + cursor, "cursor", "start again");
  }
}

TEST(RecordSearchApi, AnswersAPageThatItsCursorGoesOnFrom) {
  Asked asked;
  router::Record record = testing::small_record(1);
  asked.page.records = {record, record};
  auto answer = asked.get("");
  EXPECT_EQ(member_of(answer, "has_more"), "false");
  EXPECT_EQ(member_of(answer, "next_cursor"), "null");
  EXPECT_EQ(member_of(answer, "data.1.request_id"), to_string(record.id));
  EXPECT_TRUE(check_answer(answer.body, kRecordPageFields).has_value()) << answer.body;

  asked.page.next = LogPlace{7, 3};
  asked.page.records.clear();  // came to its limits before it found one
  answer = asked.get("");
  EXPECT_EQ(member_of(answer, "has_more"), "true");
  asked.searches.clear();
  const std::string cursor = member_of(answer, "next_cursor");
  EXPECT_EQ(asked.search_of("?cursor=" + cursor).before, (LogPlace{7, 3}));
}

TEST(RecordSearchApi, FindsNothingUnderANameThatTheJournalDoesNotKnow) {
  for (const auto* name : {"route", "assigned_version", "version", "target", "experiment"}) {
    Asked asked;
    const auto answer = asked.get(std::string("?limit=5&") + name + "=nobody");
    EXPECT_EQ(answer.body, "{\"data\":[],\"has_more\":false,\"next_cursor\":null}\n");
    EXPECT_TRUE(asked.searches.empty());
  }
}

TEST(RecordSearchApi, PassesOnWhatTheJournalSays) {
  Asked asked;
  asked.kit.context.find_records = [](const RecordSearch&) -> Result<store::RecordPage> {
    return make_error(Errc::storage_unavailable, "The database is not open.");
  };
  EXPECT_EQ(asked.get("").status, 503u);
}

TEST(RecordFields, HoldForAnyRecord) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  testing::RandomRecords records(seed);
  store::Names names;
  names.intern("one");
  const auto check = [&](router::Record record) {
    record.tags = record.response_id = "text";  // JSON is UTF-8
    record.cost_nano_usd &= 0xFFFFFFFF;
    record.request_bytes >>= 11;  // below 2^53: JSON's exact integers
    record.response_bytes >>= 11;
    record.started =
        WallTime{std::chrono::microseconds{micros_since_epoch(record.started) & 0xFFFFFFFFFFFF}};
    const std::string json = render_record_json(record, names);
    const auto fits = check_answer(json, kRecordFields);
    EXPECT_TRUE(fits.has_value()) << fits.error().message << " " << json;
  };
  check({});
  for (int i = 0; i < 200; ++i) check(records.next());
}

}  // namespace
}  // namespace tallygate::api
