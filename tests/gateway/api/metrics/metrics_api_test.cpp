#include "gateway/api/metrics/metrics_api.h"

#include "tests/gateway/api/metrics/metric_kit.h"

namespace tallygate::api {
namespace {

constexpr std::string_view kPath = "/api/admin/llm-models/metrics";

std::string path(std::string_view behind) { return std::string(kPath) + std::string(behind); }

/// `extra` may set a field again: the last one counts nowhere, so it is only for new ones.
std::string metric(const std::string& version, const std::string& type, const std::string& value,
                   const std::string& extra = {}) {
  return R"({"modelVersionId":")" + version + R"(","metricType":")" + type + R"(","metricValue":)" +
         value + R"(,"dataset":"validation")" + extra + "}";
}

const Fields& result_of(http::Method method, std::string_view path) {
  for (const AdminRoute& route : metric_routes()) {
    if (route.method == method && route.path == path) return *route.result;
  }
  throw std::runtime_error("no such row");
}

TEST(MetricsApi, StoresAFigureAndShowsIt) {
  MetricKit kit;
  const AdminResponse made =
      kit.post(kPath, metric("v1", "f1_score", "0.912345678",
                             R"(,"period":"weekly",)"
                             R"("notes":"by hand","recordedAt":"2026-11-16T00:00:00Z")"));
  expect_answer(made, 201, result_of(http::Method::post, kPath));
  EXPECT_EQ(member_of(made, "metricValue"), "9.12345678E-1");
  EXPECT_EQ(member_of(made, "recordedAt"), "2026-11-16T00:00:00.000000Z");
  EXPECT_EQ(member_of(made, "samples"), "null");
  const AdminResponse page = kit.get(kPath);
  expect_answer(page, 200, result_of(http::Method::get, kPath));
  EXPECT_EQ(member_of(page, "data.0.id"), member_of(made, "id"));
  EXPECT_EQ(kit.published, 0);
}

void check_refused(const std::string& body, unsigned status, std::string_view code,
                   std::string_view param) {
  MetricKit kit;
  const AdminResponse refused = kit.post(kPath, body);
  expect_error(refused, status, code);
  EXPECT_EQ(member_of(refused, "error.param"), param) << refused.body;
  EXPECT_EQ(member_of(kit.get(kPath), "data.0"), "-");
}

TEST(MetricsApi, NamesTheBrokenRule) {
  check_refused(metric("v9", "loss", "1"), 422, "rule_broken", "modelVersionId");
  check_refused(metric("config:x@1.0.0", "loss", "1"), 422, "rule_broken", "modelVersionId");
  check_refused(metric("v1", "accuracy", "1.5"), 422, "rule_broken", "metricValue");
  check_refused(metric("v1", "Not a type", "1"), 422, "rule_broken", "metricType");
  check_refused(metric("v1", "loss", "1", R"(,"recordedAt":"2027-01-01T00:00:00Z")"), 422,
                "rule_broken", "recordedAt");
  check_refused(metric("v1", "loss", "1", R"(,"period":"hourly")"), 400, "invalid_parameter",
                "period");
  check_refused(metric("v1", "loss", "1", R"(,"metric":1)"), 400, "invalid_parameter", "metric");
  check_refused(R"({"modelVersionId":"v1","metricType":"loss","metricValue":1})", 400,
                "missing_parameter", "dataset");
}

/// The values that a query leaves, newest first.
std::string values(MetricKit& kit, const std::string& query) {
  std::string text;
  for (std::string cursor; text.size() < 200;) {
    const AdminResponse page = kit.get(path("?" + query + cursor));
    EXPECT_EQ(page.status, 200u) << page.body;
    const auto body = json_of(page);
    for (const auto& each : body.as_object().at("data").as_array()) {
      text += (text.empty() ? "" : " ") +
              std::to_string(each.as_object().at("metricValue").to_number<int>());
    }
    if (member_of(page, "has_more") != "true") break;
    cursor = "&cursor=" + member_of(page, "next_cursor");
  }
  return text;
}

TEST(MetricsApi, FiltersByAllThatItKnows) {
  MetricKit kit;
  const auto add = [&](const char* version, const char* type, int value, const char* period,
                       const char* at) {
    const AdminResponse made = kit.post(
        kPath, metric(version, type, std::to_string(value),
                      std::string(R"(,"period":")") + period + R"(","recordedAt":")" + at + "\""));
    EXPECT_EQ(made.status, 201u) << made.body;
  };
  add("v1", "loss", 1, "daily", "2026-11-01T00:00:00Z");
  add("v1", "loss", 2, "weekly", "2026-11-02T00:00:00Z");
  add("v1", "cost", 3, "daily", "2026-11-03T00:00:00Z");
  add("v2", "loss", 4, "daily", "2026-11-20T00:00:00Z");
  for (const std::string limit : {"1", "2", "200"}) {
    const std::string paged = "&limit=" + limit;
    EXPECT_EQ(values(kit, paged), "4 3 2 1");
    EXPECT_EQ(values(kit, "modelVersionId=v1" + paged), "3 2 1");
    EXPECT_EQ(values(kit, "metricType=loss" + paged), "4 2 1");
    EXPECT_EQ(values(kit, "modelVersionId=v1&metricType=loss" + paged), "2 1");
    EXPECT_EQ(values(kit, "period=daily" + paged), "4 3 1");
    EXPECT_EQ(values(kit, "dataset=validation" + paged), "4 3 2 1");
    EXPECT_EQ(values(kit, "dataset=test" + paged), "");
    EXPECT_EQ(values(kit, "from=2026-11-02T00:00:00Z&to=2026-11-20T00:00:00Z" + paged), "3 2");
    EXPECT_EQ(values(kit, "from=7d" + paged), "4");
  }
  expect_error(kit.get(path("?period=hourly")), 400, "invalid_parameter", "period is");
  expect_error(kit.get(path("?from=yesterday")), 400, "invalid_parameter", "from is");
  expect_error(kit.get(path("?from=1d&to=2d")), 400, "invalid_parameter", "later");
  expect_error(kit.get(path("?model=v1")), 400, "invalid_parameter");
}

TEST(MetricsApi, ComparesSeriesSideBySide) {
  MetricKit kit;
  const auto add = [&](const char* version, const char* value, const char* day) {
    kit.post(kPath, metric(version, "loss", value,
                           std::string(R"(,"period":"daily","recordedAt":"2026-11-)") + day +
                               R"(T00:00:00Z")"));
  };
  add("v1", "3", "01");
  add("v1", "2", "02");
  add("v1", "7", "02");  // entered again
  add("v2", "5", "02");
  add("v2", "4", "03");
  const AdminResponse both = kit.get(path("/compare?versions=v1,v2&metricType=loss"));
  expect_answer(both, 200, result_of(http::Method::get, path("/compare")));
  EXPECT_EQ(member_of(both, "rows.0.values"), "[3,null]");
  EXPECT_EQ(member_of(both, "rows.1.values"), "[7,5]");
  EXPECT_EQ(member_of(both, "rows.2.values"), "[null,4]");
  EXPECT_EQ(member_of(both, "rows.3"), "-");
  EXPECT_EQ(member_of(both, "versions.0.latest"), "7");
  EXPECT_EQ(member_of(both, "versions.0.points"), "2");
  EXPECT_EQ(member_of(both, "versions.1.version"), "2.0.0");
  EXPECT_EQ(member_of(both, "truncated"), "false");

  for (const std::string query :
       {"versions=v1,v2", "metricType=loss", "versions=v1&metricType=loss",
        "versions=v1,v1&metricType=loss", "versions=v1,&metricType=loss",
        "versions=1,2,3,4,5,6,7,8,9&metricType=loss"}) {
    EXPECT_EQ(kit.get(path("/compare?" + query)).status, 400u) << query;
  }
  expect_error(kit.get(path("/compare?versions=v1,v9&metricType=loss")), 404, "not_found", "v9");
}

TEST(MetricsApi, SaysThatThereIsNoCatalog) {
  MetricKit kit;
  kit.context.catalog = nullptr;
  expect_error(kit.get(kPath), 503, "storage_unavailable");
  expect_error(kit.get(path("/alerts")), 503, "storage_unavailable");
  expect_error(kit.get(path("/compare?versions=a,b&metricType=x")), 503, "storage_unavailable");
  expect_error(kit.post(kPath, metric("v1", "loss", "1")), 503, "storage_unavailable");
}

}  // namespace
}  // namespace tallygate::api
