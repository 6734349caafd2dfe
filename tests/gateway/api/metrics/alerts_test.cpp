#include "gateway/api/metrics/alerts.h"

#include "gateway/registry/metrics/alert_tick.h"
#include "tests/gateway/api/metrics/metric_kit.h"

namespace tallygate::api {
namespace {

const std::string kMetrics = "/api/admin/llm-models/metrics";
const std::string kPath = kMetrics + "/alerts";

std::string alert(const std::string& fields, const std::string& type = "accuracy") {
  return R"({"metricType":")" + type + R"(","modelType":"assistant","window":"1h",)" + fields + "}";
}

struct AlertKit : MetricKit {
  AlertKit() { settings.secrets.allow = {"env:HOOK"}; }
  void measure(const std::string& version, const std::string& value) {
    const AdminResponse made =
        post(kMetrics, R"({"modelVersionId":")" + version + R"(","metricType":"accuracy",)" +
                           R"("dataset":"test","metricValue":)" + value + "}");
    ASSERT_EQ(made.status, 201u) << made.body;
  }
  /// What a tick tells.
  std::string tick(const std::vector<registry::LiveFigure>& figures = {}) {
    context.now += std::chrono::seconds(1);
    const auto steps = registry::run_alert_tick(
        catalog, settings, registry::standing_alerts(catalog).value(), figures, context.now);
    EXPECT_TRUE(steps.has_value()) << steps.error().message;
    std::string text;
    for (const auto& step : *steps) {
      text += std::string(event_name(step.change)) + " " + render_alert_event(step);
    }
    return text;
  }
};

TEST(AlertsApi, SetsUpShowsAndDeletesAnAlert) {
  AlertKit kit;
  const AdminResponse made = kit.post(
      kPath, alert(R"("below":0.8,"clear":0.85,"webhook":{"url":"https://h.example/x?token=1",)"
                   R"("secretRef":"env:HOOK"})"));
  expect_answer(made, 201, *alert_routes().front().result);
  EXPECT_EQ(made.body.find("token"), std::string::npos);
  EXPECT_EQ(member_of(made, "above"), "null");
  EXPECT_EQ(member_of(made, "window"), "1h");
  const std::string one = kPath + "/" + member_of(made, "id");
  EXPECT_EQ(member_of(kit.get(one), "state"), "quiet");
  EXPECT_EQ(member_of(kit.get(kPath), "data.0.id"), member_of(made, "id"));
  EXPECT_EQ(kit.remove(one).status, 200u);
  expect_error(kit.get(one), 404, "not_found");
  expect_error(kit.remove(one), 404, "not_found");
}

void check_refused(const std::string& body, unsigned status, std::string_view param) {
  AlertKit kit;
  const AdminResponse refused = kit.post(kPath, body);
  EXPECT_EQ(refused.status, status) << refused.body;
  EXPECT_EQ(member_of(refused, "error.param"), param) << refused.body;
}

TEST(AlertsApi, NamesTheBrokenRule) {
  check_refused(alert(R"("clear":0.8)"), 422, "below");
  check_refused(alert(R"("below":0.8,"above":0.9)"), 422, "below");
  check_refused(alert(R"("below":0.8,"clear":0.7)"), 422, "clear");
  check_refused(alert(R"("above":2)"), 422, "above");
  check_refused(alert(R"("above":1,"webhook":{"url":"http://169.254.169.254/",)"
                      R"("secretRef":"env:X"})"),
                422, "webhook.url");
  check_refused(alert(R"("above":1,"webhook":{"url":"http://h/"})"), 400, "webhook.secretRef");
  check_refused(alert(R"("above":1,"webhook":{"url":"http://h/","secretRef":"env:X"})"), 422,
                "webhook.secretRef");
  check_refused(R"({"metricType":"x","modelType":"nobody","window":"1h","below":1})", 422,
                "modelType");
  check_refused(R"({"metricType":"x","modelType":"assistant","window":"1s","below":1})", 422,
                "window");
  check_refused(R"({"metricType":"x","modelType":"assistant","window":"soon","below":1})", 400,
                "window");
}

TEST(AlertsApi, FiresOnceAndClears) {
  AlertKit kit;
  const AdminResponse made = kit.post(kPath, alert(R"("below":0.8)"));
  kit.measure("v1", "0.9");
  EXPECT_EQ(kit.tick(), "");
  kit.measure("v2", "0.7");
  EXPECT_EQ(kit.tick(), R"(alert.fired {"alertId":")" + member_of(made, "id") +
                            R"(","metricType":"accuracy","modelType":"assistant","below":0.8,)"
                            R"("above":null,"clear":0.8,"value":0.7,"modelVersionId":"v2"})");
  EXPECT_EQ(kit.tick(), "");
  EXPECT_EQ(member_of(kit.get(kPath + "?state=fired"), "data.0.value"), "7E-1");
  EXPECT_EQ(member_of(kit.get(kPath + "?state=quiet"), "data.0"), "-");
  kit.measure("v2", "0.95");
  EXPECT_EQ(kit.tick(), "");
  EXPECT_EQ(member_of(kit.get(kPath), "data.0.state"), "clearing");
  kit.context.now += std::chrono::hours(1);
  EXPECT_EQ(kit.tick(), "");  // what was measured is too old by now: no value, no all-clear
  kit.measure("v2", "0.95");
  EXPECT_EQ(kit.tick(), "");
  kit.context.now += std::chrono::minutes(59);
  kit.measure("v2", "0.95");
  kit.context.now += std::chrono::minutes(1);
  EXPECT_TRUE(kit.tick().starts_with("alert.cleared "));
  EXPECT_EQ(member_of(kit.get(kPath + "?state=quiet"), "data.0.firings"), "1");
  expect_error(kit.get(kPath + "?state=clearing"), 400, "invalid_parameter");
}

TEST(AlertsApi, LooksAtLiveTraffic) {
  AlertKit kit;
  kit.post(kPath, alert(R"("above":0.1)", "error_rate"));
  kit.post(kPath, alert(R"("above":900)", "latency_p95"));
  const auto figures = registry::figures_wanted(*registry::standing_alerts(kit.catalog));
  ASSERT_EQ(figures.size(), 1u);
  EXPECT_EQ(kit.tick({{"assistant", std::chrono::hours(1), 50, 0.1, 900}}), "");
  const std::string told = kit.tick({{"assistant", std::chrono::hours(1), 50, 0.25, 1200.5}});
  EXPECT_NE(told.find(R"("value":0.25)"), std::string::npos) << told;
  EXPECT_NE(told.find(R"("value":1200.5)"), std::string::npos) << told;
}

TEST(AlertsApi, SurvivesAChangeInBetween) {
  AlertKit kit;
  const AdminResponse made = kit.post(kPath, alert(R"("below":0.8)"));
  kit.measure("v1", "0.1");
  kit.catalog.before_transact = [&] { kit.remove(kPath + "/" + member_of(made, "id")); };
  EXPECT_EQ(kit.tick(), "");
  EXPECT_EQ(member_of(kit.get(kPath), "data.0"), "-");
}

TEST(AlertsApi, IsBounded) {
  AlertKit kit;
  for (std::size_t i = 0; i < registry::kMaxAlerts; ++i) {
    ASSERT_EQ(kit.post(kPath, alert(R"("below":0.8)")).status, 201u);
  }
  expect_error(kit.post(kPath, alert(R"("below":0.8)")), 422, "rule_broken", "At most");
}

}  // namespace
}  // namespace tallygate::api
