#include "gateway/api/models/performance_routes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "gateway/api/models/performance_blacklist.h"
#include "gateway/api/shapes/query.h"
#include "tests/gateway/api/admin_kit.h"
#include "tests/gateway/api/tallies_kit.h"

namespace tallygate::api {
namespace {

using http::Method;

/// The rows of performance over tallies, a health board and a series of values.
struct Kit : AdminKit {
  store::TallySet tallies;
  std::map<router::NameId, BlacklistedTarget> benched;
  std::vector<SeriesQuery> series_asked;
  std::vector<SeriesPoint> series;

  Kit() {
    answer_from(tallies, context);
    context.series = [this](const SeriesQuery& query) -> Result<std::vector<SeriesPoint>> {
      series_asked.push_back(query);
      return series;
    };
    context.blacklisted = [this] {
      std::vector<BlacklistedTarget> targets;
      for (const auto& [name, target] : benched) targets.push_back(target);
      return targets;
    };
    context.bench = [this](router::NameId target, WallTime until) -> Result<void> {
      if (names.text(target) == "gone") return make_error(Errc::not_found, "gone", "target");
      benched[target] = {target, 0, until, true};
      return {};
    };
    context.pardon = [this](router::NameId target) -> Result<void> {
      benched.erase(target);
      return {};
    };
  }

  void add(const char* route, const char* version, const char* target, std::uint64_t ok,
           std::uint64_t failed, std::uint64_t latency_us = 100'000,
           router::Conversation type = router::Conversation::text_to_text) {
    router::TallyKey key;
    key.route = names.intern(route);
    key.version = names.intern(version);
    key.target = names.intern(target);
    key.conversation = type;
    router::Tally tally;
    tally.outcomes[static_cast<std::size_t>(router::Outcome::ok)] = ok;
    tally.outcomes[static_cast<std::size_t>(router::Outcome::upstream_error)] = failed;
    for (std::uint64_t i = 0; i < ok; ++i) tally.latency.insert_micros(latency_us);
    tally.latency_us_sum = ok * latency_us;
    tallies.entries.emplace_back(key, tally);
  }

  /// The row that fits; what its answer promises is checked on the way.
  AdminResponse call(Method method, std::string_view target, std::string_view body = {}) {
    const http::RequestHead& head = head_of(method, target);
    for (const AdminRoute& route : performance_routes()) {
      const std::size_t brace = std::min(route.path.find('{'), route.path.size());
      const bool is_open = brace < route.path.size();
      const std::string_view path = head.path;
      if (route.method != method || path.substr(0, brace) != route.path.substr(0, brace)) continue;
      if (!is_open && path != route.path) continue;
      const auto segment = decode_percent(path.substr(brace));
      AdminResponse response = route.answer({head, body, "req-1"}, *segment, context);
      if (response.status < 300) expect_answer(response, route.status, *route.result);
      return response;
    }
    ADD_FAILURE() << "no row for " << target;
    return {};
  }
  AdminResponse ask_get(std::string_view target) { return call(Method::get, target); }
};

TEST(Rankings, PutTheBestFirstWithItsFigures) {
  Kit kit;
  kit.add("chat", "1.0.0", "slow", 500, 0, 900'000);
  kit.add("chat", "2.0.0", "fast", 500, 0, 100'000);
  const auto speed = kit.ask_get("/performance/rankings?metric=speed");
  EXPECT_EQ(member_of(speed, "metric"), "speed");
  EXPECT_EQ(member_of(speed, "data.0.model"), "chat@2.0.0");
  EXPECT_EQ(member_of(speed, "data.0.rank"), "1");
  EXPECT_EQ(member_of(speed, "data.1.model"), "chat@1.0.0");
  EXPECT_EQ(member_of(speed, "data.1.figures.speed.samples"), "500");
  EXPECT_EQ(member_of(speed, "data.0.figures.accuracy.measured"), "null");
  EXPECT_EQ(member_of(speed, "data.2.model"), "-");
}

TEST(Performance, AnswersWhatItsTablePromises) {
  Kit kit;
  kit.context.health_of = [](router::NameId) { return TargetHealth{}; };
  kit.add("chat", "1.0.0", "a", 100, 3);
  kit.add("chat", "", "b", 0, 3);
  router::TallyKey variant = router::variant_key({kit.names.find("chat"), 1, 2, 1, 0});
  kit.tallies.entries.emplace_back(variant, router::Tally{});
  for (const char* path : {"/performance", "/performance/summary", "/performance/usage"}) {
    const auto row = std::ranges::find(admin_routes(), std::string_view(path), &AdminRoute::path);
    const auto fits = check_answer(kit.ask_get(path).body, *row->result);
    EXPECT_TRUE(fits.has_value()) << path << ": " << fits.error().message;
  }
}

TEST(Rankings, CountWhatFailedBeforeAnythingWasServed) {
  Kit kit;
  kit.add("chat", "1.0.0", "a", 100, 0);
  kit.add("chat", "2.0.0", "b", 100, 0);
  kit.add("chat", "", "a", 0, 300);
  const auto ranked = kit.ask_get("/performance/rankings");
  EXPECT_EQ(member_of(ranked, "data.0.model"), "chat@2.0.0");
  EXPECT_EQ(member_of(ranked, "data.1.figures.reliability.measured"), "2.5E-1");
  EXPECT_EQ(member_of(ranked, "data.1.figures.reliability.samples"), "400");
}

TEST(Rankings, KnowTheVersionsAndPriorsOfTheFile) {
  Kit kit;
  config::Version version;
  version.is_default = true;
  kit.settings.routes["idle"].versions["1.0.0"] = version;
  kit.names.intern("idle");
  kit.names.intern("1.0.0");
  kit.settings.auto_pools["default"].priors["idle"]["accuracy"] = 0.875;
  kit.add("chat", "1.0.0", "a", 100, 0);
  const auto ranked = kit.ask_get("/performance/rankings?metric=accuracy");
  EXPECT_EQ(member_of(ranked, "data.0.model"), "idle@1.0.0");
  EXPECT_EQ(member_of(ranked, "data.0.figures.accuracy.prior"), "8.75E-1");
  EXPECT_EQ(member_of(ranked, "data.1.figures.accuracy.prior"), "5E-1");
}

TEST(Rankings, CompareLikeWithLikeWhenAskedTo) {
  Kit kit;
  kit.add("chat", "1.0.0", "a", 100, 0, 900'000);
  kit.add("embed", "1.0.0", "b", 100, 0, 1'000, router::Conversation::embedding);
  const auto ranked = kit.ask_get("/performance/rankings?conversationType=text-to-text");
  EXPECT_EQ(member_of(ranked, "data.0.model"), "chat@1.0.0");
  EXPECT_EQ(member_of(ranked, "data.1.model"), "-");
}

TEST(Rankings, PageThroughAllVersionsOnce) {
  Kit kit;
  for (int i = 0; i < 7; ++i) {
    const std::string version = "1.0." + std::to_string(i / 2);
    kit.add(i % 2 == 0 ? "a" : "b", version.c_str(), "t", 10, 0);
  }
  std::string seen;
  std::string target = "/performance/rankings?limit=3";
  for (int page = 0; page < 5; ++page) {
    const auto response = kit.ask_get(target);
    for (const char* row : {"data.0.rank", "data.1.rank", "data.2.rank"}) {
      const std::string rank = member_of(response, row);
      if (rank != "-") seen += rank;
    }
    const std::string cursor = member_of(response, "next_cursor");
    if (cursor == "null") break;
    target = "/performance/rankings?limit=3&cursor=" + cursor;
  }
  EXPECT_EQ(seen, "1234567");
}

TEST(Rankings, NameAWrongParameter) {
  Kit kit;
  const auto check = [&](std::string_view target, std::string_view words) {
    expect_error(kit.ask_get(target), 400, "invalid_parameter", words);
  };
  check("/performance/rankings?metric=continuity", "metric is one of overall");
  check("/performance/rankings?conversationType=text", "text-to-text, text-to-image");
  check("/performance/rankings?by=cost", "Unknown query parameter");
  check("/performance/usage?limit=0", "limit");
  check("/performance/summary?limit=5", "This endpoint has none.");
}

TEST(Series, AsksForADayByTheMinuteUnlessToldOtherwise) {
  Kit kit;
  kit.add("chat", "1.0.0", "t", 1, 0);
  kit.series.push_back({kit.context.now, 4, 2, 1, 12.5, std::nullopt, 10, 20, 1'500'000'000});
  const auto response = kit.ask_get("/performance/metrics/chat");
  EXPECT_EQ(member_of(response, "step_seconds"), "60");
  EXPECT_EQ(member_of(response, "data.0.requests"), "4");
  EXPECT_EQ(member_of(response, "data.0.latency_ms"), "1.25E1");
  EXPECT_EQ(member_of(response, "data.0.ttft_ms"), "null");
  ASSERT_EQ(kit.series_asked.size(), 1U);
  EXPECT_EQ(kit.series_asked[0].to, kit.context.now);
  EXPECT_EQ(kit.series_asked[0].to - kit.series_asked[0].from, std::chrono::hours{24});
  EXPECT_EQ(kit.series_asked[0].version, 0U);
}

TEST(Series, TakesTheStepThatIsKeptSoFarBack) {
  Kit kit;
  kit.add("chat", "1.0.0", "t", 1, 0);
  const auto check = [&](std::string_view query, std::int64_t seconds) {
    const std::string target = "/performance/metrics/chat%401.0.0?" + std::string(query);
    EXPECT_EQ(member_of(kit.ask_get(target), "step_seconds"), std::to_string(seconds)) << query;
    EXPECT_EQ(kit.names.text(kit.series_asked.back().version), "1.0.0");
  };
  check("from=6h", 60);
  check("from=6h&step=15m", 900);
  check("from=7d", 3600);
  check("from=7d&to=6d", 3600);
  check("from=90d", 86400);
  check("from=2h&to=1h&conversationType=embedding", 60);
  EXPECT_EQ(kit.series_asked.back().conversation, router::Conversation::embedding);
}

TEST(Series, RefusesWhatIsNotKeptOrTooMuch) {
  Kit kit;
  kit.add("chat", "1.0.0", "t", 1, 0);
  const auto check = [&](std::string_view query, std::string_view words) {
    const std::string target = "/performance/metrics/chat?" + std::string(query);
    expect_error(kit.ask_get(target), 400, "invalid_parameter", words);
  };
  check("from=7d&step=1m", "multiple of 1h");
  check("from=90d&step=1h", "multiple of 1d");
  check("step=90s", "whole minutes");
  check("step=0s", "whole minutes");
  check("from=1h&to=2h", "from must be before to");
  check("from=yesterday", "RFC 3339");
  check("from=9000d", "more than 1500 steps");
  expect_error(kit.ask_get("/performance/metrics/other"), 404, "not_found", "ROUTE@VERSION");
  expect_error(kit.ask_get("/performance/metrics/chat@9"), 404, "not_found");
  EXPECT_TRUE(kit.series_asked.empty());
}

TEST(Blacklisted, BenchesByHandAndPardons) {
  Kit kit;
  kit.names.intern("t1");
  const auto made = kit.call(Method::post, "/performance/blacklisted",
                             R"({"target":"t1","seconds":600,"reason":"too dear"})");
  EXPECT_EQ(made.status, 201U) << made.body;
  EXPECT_EQ(member_of(made, "until"), "2026-11-21T08:10:00.000000Z");
  const auto list = kit.ask_get("/performance/blacklisted");
  EXPECT_EQ(member_of(list, "data.0.target"), "t1");
  EXPECT_EQ(member_of(list, "data.0.by_hand"), "true");
  EXPECT_EQ(member_of(list, "data.0.reason"), "too dear");
  EXPECT_EQ(member_of(list, "data.0.by"), "ann");
  EXPECT_EQ(kit.events.back().first, "target.benched");

  const auto pardoned = kit.call(Method::delete_, "/performance/blacklisted/t1");
  EXPECT_EQ(member_of(pardoned, "pardoned"), "true");
  EXPECT_EQ(member_of(kit.ask_get("/performance/blacklisted"), "data"), "[]");
  EXPECT_FALSE(kit.catalog.find(kBlacklistingKind, "t1"));
  EXPECT_EQ(kit.call(Method::delete_, "/performance/blacklisted/t1").status, 200U);
}

TEST(Blacklisted, ReplacesAnEarlierBench) {
  Kit kit;
  kit.names.intern("t1");
  kit.call(Method::post, "/performance/blacklisted", R"({"target":"t1","seconds":600})");
  const auto again = kit.call(Method::post, "/performance/blacklisted",
                              R"({"target":"t1","until":"2026-11-22T00:00:00Z"})");
  EXPECT_EQ(again.status, 201U) << again.body;
  const auto list = kit.ask_get("/performance/blacklisted");
  EXPECT_EQ(member_of(list, "data.0.until"), "2026-11-22T00:00:00.000000Z");
  EXPECT_EQ(member_of(list, "data.0.reason"), "null");
  EXPECT_EQ(member_of(list, "data.1.target"), "-");
}

TEST(Blacklisted, ShowsWhatBenchedItself) {
  Kit kit;
  const auto target = kit.names.intern("t1");
  kit.benched[target] = {target, 3, kit.context.now + std::chrono::hours{1}, false};
  const auto list = kit.ask_get("/performance/blacklisted");
  EXPECT_EQ(member_of(list, "data.0.failures_in_row"), "3");
  EXPECT_EQ(member_of(list, "data.0.by_hand"), "false");
  EXPECT_EQ(member_of(list, "data.0.reason"), "null");
}

TEST(Blacklisted, RefusesWhatMakesNoSense) {
  Kit kit;
  kit.names.intern("t1");
  kit.names.intern("gone");
  const auto check = [&](std::string_view body, unsigned status, std::string_view code) {
    expect_error(kit.call(Method::post, "/performance/blacklisted", body), status, code);
  };
  check(R"({"target":"t1"})", 400, "invalid_parameter");
  check(R"({"target":"t1","seconds":0})", 400, "invalid_parameter");
  check(R"({"target":"t1","seconds":5,"until":"2026-11-22T00:00:00Z"})", 400, "invalid_parameter");
  check(R"({"target":"t1","until":"2026-11-20T00:00:00Z"})", 400, "invalid_parameter");
  check(R"({"target":"t1","until":"2036-11-20T00:00:00Z"})", 400, "invalid_parameter");
  check(R"({"target":"other","seconds":5})", 404, "not_found");
  check(R"({"target":"gone","seconds":5})", 404, "not_found");
  EXPECT_TRUE(kit.benched.empty());
  expect_error(kit.call(Method::delete_, "/performance/blacklisted/other"), 404, "not_found");
}

TEST(Blacklisted, LeavesTheBoardAloneWhenTheCatalogFails) {
  Kit kit;
  kit.names.intern("t1");
  kit.catalog.failure = make_error(Errc::storage_unavailable, "the disk is full");
  const auto refused =
      kit.call(Method::post, "/performance/blacklisted", R"({"target":"t1","seconds":5})");
  expect_error(refused, 503, "storage_unavailable");
  EXPECT_TRUE(kit.benched.empty());
}

TEST(Blacklisted, TellsWhatABenchWasFor) {
  Kit kit;
  const auto target = kit.names.intern("t1");
  kit.benched[target] = {target, 3, kit.context.now + std::chrono::hours{1}, false};
  Blacklisting told;
  told.target = "t1";
  told.until = kit.context.now + std::chrono::hours{1};
  told.reason = "3 failures in a row";
  told.by = kByItself;
  told.failures_in_row = 3;
  told.evidence = BlacklistingEvidence{"upstream_status", 503, "an-id", kit.context.now};
  store::Transaction transaction;
  transaction.writes.push_back(
      {std::string(kBlacklistingKind), "t1", render_blacklisting(told), {}, {}, {}});
  ASSERT_TRUE(kit.catalog.transact(transaction));
  const auto list = kit.ask_get("/performance/blacklisted");
  EXPECT_EQ(member_of(list, "data.0.state"), "benched");
  EXPECT_EQ(member_of(list, "data.0.reason"), "3 failures in a row");
  EXPECT_EQ(member_of(list, "data.0.by"), "tallygate");
  EXPECT_EQ(member_of(list, "data.0.evidence.cause"), "upstream_status");
  EXPECT_EQ(member_of(list, "data.0.evidence.status"), "503");
  EXPECT_EQ(member_of(list, "data.0.evidence.request_id"), "an-id");
}

TEST(Blacklisted, ListsTargetsThatCoolDownOrRefuseUsApart) {
  Kit kit;
  const auto cool = kit.names.intern("t1");
  const auto wrong = kit.names.intern("t2");
  kit.benched[cool] = {.target = cool,
                       .state = "cooling",
                       .cooling_until = kit.context.now + std::chrono::seconds{30}};
  kit.benched[wrong] = {.target = wrong, .state = "misconfigured", .refusals = 7};
  const auto list = kit.ask_get("/performance/blacklisted");
  EXPECT_EQ(member_of(list, "data.0.state"), "cooling");
  EXPECT_EQ(member_of(list, "data.0.until"), "null");
  EXPECT_EQ(member_of(list, "data.0.cooling_until"), "2026-11-21T08:00:30.000000Z");
  EXPECT_EQ(member_of(list, "data.1.state"), "misconfigured");
  EXPECT_EQ(member_of(list, "data.1.refusals"), "7");
  EXPECT_EQ(member_of(kit.ask_get("/performance/summary"), "blacklisted"), "0");
}

TEST(Usage, ShowsWhoTookWhatShare) {
  Kit kit;
  kit.add("chat", "1.0.0", "a", 10, 0);
  kit.add("chat", "2.0.0", "b", 25, 5);
  const auto usage = kit.ask_get("/performance/usage?limit=1");
  EXPECT_EQ(member_of(usage, "requests"), "40");
  EXPECT_EQ(member_of(usage, "data.0.version"), "2.0.0");
  EXPECT_EQ(member_of(usage, "data.0.share"), "7.5E-1");
  const auto rest =
      kit.ask_get("/performance/usage?limit=1&cursor=" + member_of(usage, "next_cursor"));
  EXPECT_EQ(member_of(rest, "data.0.version"), "1.0.0");
  EXPECT_EQ(member_of(rest, "has_more"), "false");
}

TEST(Summary, SumsEverythingUp) {
  Kit kit;
  kit.add("chat", "1.0.0", "a", 10, 5);
  kit.add("embed", "1.0.0", "b", 5, 0, 1'000, router::Conversation::embedding);
  const auto summary = kit.ask_get("/performance/summary");
  EXPECT_EQ(member_of(summary, "usage"), "20");
  EXPECT_EQ(member_of(summary, "success_rate"), "7.5E-1");
  EXPECT_EQ(member_of(summary, "routes"), "2");
  EXPECT_EQ(member_of(summary, "targets"), "2");
  EXPECT_EQ(member_of(summary, "conversation_types.embedding"), "5");
  EXPECT_EQ(member_of(Kit().ask_get("/performance/summary"), "success_rate"), "null");
}

}  // namespace
}  // namespace tallygate::api
