#include "gateway/registry/metrics/alert_rule.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace tallygate::registry {
namespace {

constexpr WallTime kNow{std::chrono::seconds{1'795'248'190}};

AlertRule rule() {
  AlertRule made;
  made.id = "a1";
  made.metric_type = "accuracy";
  made.model_type = "assistant";
  made.threshold = 0.8;
  made.clear = 0.9;
  made.webhook_url = "https://hooks.example/x?token=1";
  made.secret_ref = "env:HOOK_SECRET";
  return made;
}

/// `param` empty: it is fine.
void check(const std::function<void(AlertRule&)>& change, std::string_view param) {
  AlertRule changed = rule();
  change(changed);
  const Result<void> checked = check_alert(changed);
  ASSERT_EQ(checked.has_error(), !param.empty()) << to_body(changed);
  if (param.empty()) return;
  EXPECT_EQ(checked.error().code, Errc::rule_broken);
  EXPECT_EQ(checked.error().param, param) << checked.error().message;
}

TEST(AlertRule, NamesTheBrokenRule) {
  check([](AlertRule&) {}, "");
  check([](AlertRule& r) { r.threshold = 1.5; }, "below");
  check([](AlertRule& r) { r.threshold = std::numeric_limits<double>::infinity(); }, "below");
  check([](AlertRule& r) { r.clear = 0.79; }, "clear");
  check([](AlertRule& r) { r.clear = r.threshold; }, "");
  check([](AlertRule& r) { r.is_below = false; }, "clear");
  check([](AlertRule& r) { r.is_below = false, r.clear = 0.7; }, "");
  check([](AlertRule& r) { r.metric_type = "latency_p95", r.threshold = 1, r.clear = 900; }, "");
  check([](AlertRule& r) { r.window = std::chrono::seconds(59); }, "window");
  check([](AlertRule& r) { r.window = std::chrono::days(31); }, "window");
  check([](AlertRule& r) { r.webhook_url = r.secret_ref = ""; }, "");
  check([](AlertRule& r) { r.webhook_url = "ftp://x/"; }, "webhook.url");
  check([](AlertRule& r) { r.webhook_url = "http://169.254.169.254/latest"; }, "webhook.url");
  check([](AlertRule& r) { r.secret_ref = ""; }, "webhook.secretRef");
  check([](AlertRule& r) { r.secret_ref = "hunter2"; }, "webhook.secretRef");
  check([](AlertRule& r) { r.secret_ref = "file:relative"; }, "webhook.secretRef");
  check([](AlertRule& r) { r.secret_ref = "file:/run/secrets/hook"; }, "");
}

TEST(AlertRule, ReadsWhatItWrote) {
  AlertRule made = rule();
  made.is_below = false;
  made.state.phase = AlertPhase::clearing;
  made.state.since = kNow;
  made.state.firings = 3;
  made.state.fired_at = kNow;
  made.state.value = 0.25;
  made.state.model_version_id = "v1";
  const auto read = alert_of({"alert", "a1", 2, kNow, kNow, to_body(made)});
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(to_body(*read), to_body(made));
  EXPECT_EQ(read->state, made.state);
  EXPECT_EQ(read->revision, 2u);
  EXPECT_EQ(alert_of({"alert", "a1", 2, kNow, kNow, "{}"}).error().code, Errc::storage_corrupt);
}

}  // namespace
}  // namespace tallygate::registry
