#include "gateway/api/admin.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/gateway/api/tallies_kit.h"

namespace tallygate::api {
namespace {

constexpr const char* kId = "019aa4a5-3c30-7000-8000-0000000000ff";

/// One admin listener with everything behind it made of values.
struct Admin {
  config::Settings settings;
  store::Names names;
  store::TallySet tallies;
  store::StoreHealth store_health = {};
  ReloadOutcome reload;
  int reloads = 0;
  AdminContext context{.settings = settings, .names = names, .version = "1.2.3"};
  http::RequestHead head;

  Admin() {
    settings.listeners.admin.address = "127.0.0.1";
    answer_from(tallies, context);
    context.find_record = [this](const Uuid& id) { return find(id); };
    context.health_of = [this](router::NameId target) {
      TargetHealth health;
      if (names.text(target) == "benched") {
        health.failures_in_row = 3;
        health.blacklisted_until = WallTime{std::chrono::seconds{1'795'248'190}};
      }
      return health;
    };
    context.store_health = [this] { return store_health; };
    context.render_metrics = [](telemetry::Format format) {
      return "format " + std::to_string(static_cast<int>(format)) + "\n";
    };
    context.reload = [this] {
      ++reloads;
      return reload;
    };
    head.host = "127.0.0.1:8081";
  }

  Result<router::Record> find(const Uuid& id) const {
    if (to_string(id) != kId) return make_error(Errc::not_found, "No such record.");
    router::Record record;
    record.id = id;
    return record;
  }

  void add_field(std::string_view name, std::string_view value) {
    head.fields.push_back({name, value});
  }

  AdminResponse ask(http::Method method, std::string_view path, std::string_view query = {},
                    std::string_view body = {}) {
    head.method = method;
    head.path = path;
    head.query = query;
    return answer_admin({head, body, "req-1"}, context);
  }
  AdminResponse ask_get(std::string_view path, std::string_view query = {}) {
    return ask(http::Method::get, path, query);
  }

  void add_tally(std::string_view route, std::string_view version, std::string_view target,
                 std::uint64_t ok, std::uint64_t failed) {
    router::TallyKey key;
    key.route = names.intern(route);
    key.version = names.intern(version);
    key.target = names.intern(target);
    router::Tally tally;
    tally.outcomes[static_cast<std::size_t>(router::Outcome::ok)] = ok;
    tally.outcomes[static_cast<std::size_t>(router::Outcome::upstream_error)] = failed;
    tallies.entries.emplace_back(key, tally);
  }
};

std::string header_of(const AdminResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

bool has(const AdminResponse& response, std::string_view part) {
  return response.body.find(part) != std::string::npos;
}

/// An error names its code and has all four keys.
void check_error(const AdminResponse& response, unsigned status, const std::string& code) {
  EXPECT_EQ(response.status, status) << response.body;
  EXPECT_EQ(response.content_type, "application/json");
  for (const std::string& part :
       {std::string(R"({"error":{)"), std::string(R"("message":)"), std::string(R"("type":)"),
        std::string(R"("param":)"), R"("code":")" + code + "\""}) {
    EXPECT_TRUE(has(response, part)) << part << " in " << response.body;
  }
}

TEST(AdminApi, AnswersProbes) {
  Admin admin;
  EXPECT_EQ(admin.ask_get("/livez").body, "{\"status\":\"ok\"}\n");
  EXPECT_EQ(admin.ask_get("/readyz").body, "{\"status\":\"ok\"}\n");
  admin.store_health.journal = store::StoreTrouble::slow;
  EXPECT_EQ(admin.ask_get("/readyz").status, 200u);
  EXPECT_TRUE(has(admin.ask_get("/readyz"), R"("trouble":"slow")"));
  admin.context.not_ready = make_error(Errc::draining, "The gate is draining.");
  check_error(admin.ask_get("/readyz"), 503, "draining");
  EXPECT_EQ(admin.ask_get("/livez").status, 200u);
}

TEST(AdminApi, LetsProbesInWithoutAToken) {
  Admin admin;
  admin.settings.listeners.admin.token.value = "s3cret";
  admin.head.host = "10.1.2.3:8081";
  for (const AdminRoute& route : admin_routes()) {
    const AdminResponse response = admin.ask(route.method, route.path);
    EXPECT_EQ(response.status == 200, route.is_public) << route.path;
  }
}

TEST(AdminApi, ChecksHostOriginAndTokenInThatOrder) {
  Admin admin;
  admin.settings.listeners.admin.token.value = "s3cret";
  const AdminResponse no_token = admin.ask_get("/metrics");
  check_error(no_token, 401, "invalid_api_key");
  EXPECT_EQ(header_of(no_token, "WWW-Authenticate"), "Bearer realm=\"tallygate\"");
  admin.head.authorization = "Bearer wrong";
  check_error(admin.ask_get("/metrics"), 401, "invalid_api_key");
  EXPECT_FALSE(has(admin.ask_get("/metrics"), "s3cret"));
  admin.head.authorization = "Bearer s3cret";
  EXPECT_EQ(admin.ask_get("/metrics").status, 200u);
  admin.add_field("Origin", "https://evil.example");
  check_error(admin.ask_get("/metrics"), 403, "forbidden");
  admin.head.host = "evil.example";
  EXPECT_EQ(admin.ask_get("/metrics").status, 421u);
}

TEST(AdminApi, RefusesCrossSiteFetches) {
  Admin admin;
  admin.add_field("sec-fetch-site", "cross-site");
  check_error(admin.ask(http::Method::post, "/-/reload"), 403, "forbidden");
  EXPECT_EQ(admin.reloads, 0);
}

TEST(AdminApi, HidesWhatExistsFromStrangers) {
  Admin admin;
  admin.settings.listeners.admin.token.value = "s3cret";
  EXPECT_EQ(admin.ask_get("/no/such/path").status, 401u);
}

TEST(AdminApi, TellsPathsAndMethodsApart) {
  Admin admin;
  check_error(admin.ask_get("/nope"), 404, "not_found");
  check_error(admin.ask_get("/metrics/"), 404, "not_found");
  check_error(admin.ask_get("/api/requests/"), 404, "not_found");
  check_error(admin.ask_get("/api/requests/a/b"), 404, "not_found");
  const AdminResponse post = admin.ask(http::Method::post, "/metrics");
  check_error(post, 405, "method_not_allowed");
  EXPECT_EQ(header_of(post, "Allow"), "GET, HEAD");
  EXPECT_EQ(header_of(admin.ask_get("/-/reload"), "Allow"), "POST");
  EXPECT_EQ(admin.ask(http::Method::head, "/livez").status, 200u);
  EXPECT_EQ(admin.ask(http::Method::head, "/-/reload").status, 405u);
  EXPECT_EQ(admin.ask(http::Method::other, "/livez").status, 405u);
}

TEST(AdminApi, WantsJsonBodies) {
  Admin admin;
  admin.head.content_type = "text/plain";
  check_error(admin.ask(http::Method::post, "/-/reload", "", "{}"), 415, "unsupported_media_type");
  EXPECT_EQ(admin.reloads, 0);
  admin.head.content_type = "Application/JSON ; charset=utf-8";
  EXPECT_EQ(admin.ask(http::Method::post, "/-/reload", "", "{}").status, 200u);
  admin.head.content_type = "";
  EXPECT_EQ(admin.ask(http::Method::post, "/-/reload").status, 200u);
}

TEST(AdminApi, NegotiatesMetrics) {
  Admin admin;
  const AdminResponse text = admin.ask_get("/metrics");
  EXPECT_EQ(text.body, "format 0\n");
  EXPECT_EQ(text.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(header_of(text, "Vary"), "Accept");
  admin.add_field("Accept", "application/openmetrics-text; version=1.0.0");
  EXPECT_EQ(admin.ask_get("/metrics").body, "format 3\n");
  admin.settings.telemetry.prometheus = false;
  check_error(admin.ask_get("/metrics"), 404, "not_found");
}

TEST(AdminApi, ShowsNoSecretInTheConfiguration) {
  Admin admin;
  admin.settings.targets["t"].url = "http://127.0.0.1:9001/v1";
  admin.settings.targets["t"].api_key.value = "sk-do-not-show";
  const AdminResponse response = admin.ask_get("/-/config");
  EXPECT_EQ(response.content_type, "application/yaml");
  EXPECT_TRUE(has(response, "http://127.0.0.1:9001/v1"));
  EXPECT_FALSE(has(response, "sk-do-not-show"));
}

TEST(AdminApi, TellsItsVersion) {
  Admin admin;
  EXPECT_EQ(admin.ask_get("/-/version").body, "{\"name\":\"tallygate\",\"version\":\"1.2.3\"}\n");
}

TEST(AdminApi, SaysWhatAReloadDid) {
  Admin admin;
  admin.reload = {7, {"target t added", "route \"r\" changed"}, {}};
  EXPECT_EQ(admin.ask(http::Method::post, "/-/reload").body,
            "{\"generation\":7,\"changes\":[\"target t added\",\"route \\\"r\\\" changed\"]}\n");
  admin.reload.problems = {{"f.yaml", 3, 5, "unknown key `x`"}, {"f.yaml", 9, 1, "bad}"}};
  const AdminResponse refused = admin.ask(http::Method::post, "/-/reload");
  check_error(refused, 400, "config_invalid");
  EXPECT_TRUE(has(refused, "f.yaml:3:5: unknown key `x`"));
  EXPECT_TRUE(refused.body.ends_with(
      "},\"problems\":[{\"file\":\"f.yaml\",\"line\":3,\"column\":5,\"message\":\"unknown key "
      "`x`\"},{\"file\":\"f.yaml\",\"line\":9,\"column\":1,\"message\":\"bad}\"}]}\n"))
      << refused.body;
}

TEST(AdminApi, FindsARecordByItsId) {
  Admin admin;
  const AdminResponse found = admin.ask_get(std::string("/api/requests/") + kId);
  EXPECT_EQ(found.status, 200u);
  EXPECT_TRUE(has(found, std::string("{\"request_id\":\"") + kId + "\""));
  check_error(admin.ask_get("/api/requests/019aa4a5-3c30-7000-8000-000000000000"), 404,
              "not_found");
  for (const auto* id : {"x", "019aa4a53c3070008000000000000000", "%00", "chatcmpl-1"}) {
    check_error(admin.ask_get(std::string("/api/requests/") + id), 400, "invalid_parameter");
  }
}

TEST(Performance, SumsUpEachTarget) {
  Admin admin;
  admin.add_tally("assistant", "1.0.0", "benched", 3, 1);
  router::Tally& tally = admin.tallies.entries[0].second;
  tally.outcomes[static_cast<std::size_t>(router::Outcome::client_error)] = 4;
  tally.input_tokens = 100;
  tally.output_tokens = 60;
  tally.cost_nano_usd = 1'500'000;
  tally.latency.insert_micros(100'000);
  tally.latency.insert_micros(300'000);
  const AdminResponse response = admin.ask_get("/performance");
  EXPECT_EQ(response.status, 200u);
  for (const auto* part :
       {R"({"data":[{"route":"assistant","version":"1.0.0","target":"benched",)",
        R"("conversation_type":"text-to-text","usage":8,"successes":3,"failures":1,)",
        R"("success_rate":0.75,)", R"("latency_ms":{"avg":200,"p50":)", R"("ttft_ms":null)",
        R"("tokens":{"input":100,"output":60,"cached":0,"avg_input":12.5,"avg_output":7.5})",
        R"("cost_usd":0.0015,)",
        R"("failures_in_row":3,"blacklisted_until":"2026-11-21T08:03:10.000000Z"}])",
        R"("has_more":false,"next_cursor":null,"experiments":[]})"}) {
    EXPECT_TRUE(has(response, part)) << part << " in " << response.body;
  }
}

TEST(Performance, PagesThroughAllRowsOnce) {
  Admin admin;
  for (int i = 0; i < 25; ++i) admin.add_tally("r", "1.0." + std::to_string(i), "t", 1, 0);
  std::set<std::string> versions;
  std::string query = "limit=10";
  int pages = 0;
  for (; pages < 10; ++pages) {
    const std::string body = admin.ask_get("/performance", query).body;
    for (std::size_t at = 0; (at = body.find("\"version\":\"", at)) != std::string::npos; ++at) {
      const std::size_t begin = at + 11;
      EXPECT_TRUE(versions.insert(body.substr(begin, body.find('"', begin) - begin)).second);
    }
    const std::size_t cursor = body.find("\"next_cursor\":\"");
    if (cursor == std::string::npos) break;
    const std::size_t begin = cursor + 15;
    query = "limit=10&cursor=" + body.substr(begin, body.find('"', begin) - begin);
  }
  EXPECT_EQ(pages, 2);
  EXPECT_EQ(versions.size(), 25u);
}

TEST(Performance, ShowsTheVariantsOfThePagesRoutes) {
  Admin admin;
  admin.add_tally("a-route", "1.0.0", "t", 1, 0);
  admin.add_tally("b-route", "1.0.0", "t", 1, 0);
  for (const std::uint8_t variant : {std::uint8_t{1}, std::uint8_t{0}}) {
    router::TallyKey key;
    key.kind = router::TallyKey::Kind::variant;
    key.route = admin.names.intern("b-route");
    key.version = admin.names.intern("2.0.0");
    key.experiment = admin.names.intern("test");
    key.epoch = 1;
    key.variant = variant;
    admin.tallies.entries.emplace_back(key, router::Tally{});
  }
  const std::string body = admin.ask_get("/performance").body;
  const std::size_t first =
      body.find(R"({"experiment":"test","route":"b-route","epoch":1,"variant":"a")");
  const std::size_t second =
      body.find(R"({"experiment":"test","route":"b-route","epoch":1,"variant":"b")");
  ASSERT_NE(first, std::string::npos) << body;
  EXPECT_LT(first, second);
  EXPECT_TRUE(has(admin.ask_get("/performance", "limit=1"), R"("experiments":[])"));
}

TEST(Performance, NamesAWrongParameter) {
  Admin admin;
  check_error(admin.ask_get("/performance", "limit=0"), 400, "invalid_parameter");
  check_error(admin.ask_get("/performance", "cursor=xyz"), 400, "invalid_parameter");
  check_error(admin.ask_get("/performance", "page=2"), 400, "invalid_parameter");
}

}  // namespace
}  // namespace tallygate::api
