#include "gateway/registry/metrics/metric_document.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tallygate::registry {
namespace {

constexpr WallTime kNow{std::chrono::seconds{1'795'248'190}};

Metric metric(std::string type, double value) {
  Metric made;
  made.id = "m1";
  made.model_version_id = "v1";
  made.type = std::move(type);
  made.value = value;
  made.recorded_at = kNow;
  made.measured_at = kNow;
  return made;
}

/// `param` empty: it is fine.
void check(const Metric& metric, std::string_view param) {
  const Result<void> checked = check_metric(metric, kNow);
  ASSERT_EQ(checked.has_error(), !param.empty()) << metric.type << " " << metric.value;
  if (param.empty()) return;
  EXPECT_EQ(checked.error().code, Errc::rule_broken);
  EXPECT_EQ(checked.error().param, param);
}

TEST(MetricDocument, NamesTheBrokenRule) {
  check(metric("accuracy", 0), "");
  check(metric("accuracy", 1), "");
  check(metric("accuracy", 1.0001), "metricValue");
  check(metric("recall", -0.0001), "metricValue");
  check(metric("false_negative_rate", 2), "metricValue");
  check(metric("perplexity", 17.5), "");
  check(metric("loss", -3), "");
  check(metric("loss", std::numeric_limits<double>::infinity()), "metricValue");
  check(metric("loss", std::nan("")), "metricValue");
  check(metric("", 1), "metricType");
  check(metric("F1", 1), "metricType");
  check(metric("f1 score", 1), "metricType");
  check(metric("a/b", 1), "metricType");
  check(metric(std::string(kMaxMetricTypeBytes, 'x'), 1), "");
  check(metric(std::string(kMaxMetricTypeBytes + 1, 'x'), 1), "metricType");
}

TEST(MetricDocument, IsNotOfTheFuture) {
  Metric made = metric("loss", 1);
  made.recorded_at = kNow + kMaxMetricLead;
  check(made, "");
  made.recorded_at += std::chrono::microseconds(1);
  check(made, "recordedAt");
  made.recorded_at = WallTime{};
  check(made, "");
}

TEST(MetricDocument, ReadsWhatItWrote) {
  Metric made = metric("f1_score", 0.1 + 0.2);
  made.dataset = Dataset::production;
  made.period = Period::weekly;
  made.notes = "\"quoted\"\n";
  made.samples = 12;
  made.recorded_at = kNow - std::chrono::days(3);
  const auto read = metric_of({"metric", "m1", 4, kNow, kNow, to_body(made)});
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(to_body(*read), to_body(made));
  EXPECT_EQ(read->value, made.value);
  EXPECT_EQ(read->revision, 4u);
  EXPECT_EQ(read->recorded_at, made.recorded_at);
}

TEST(MetricDocument, TellsCorruptBodies) {
  for (const std::string body :
       {"", "[]", "{}", R"({"modelVersionId":1})", R"({"modelVersionId":"v","metricType":"x"})"}) {
    const auto read = metric_of({"metric", "m1", 1, kNow, kNow, body});
    ASSERT_TRUE(read.has_error()) << body;
    EXPECT_EQ(read.error().code, Errc::storage_corrupt);
    EXPECT_NE(read.error().message.find("m1"), std::string::npos);
  }
}

}  // namespace
}  // namespace tallygate::registry
