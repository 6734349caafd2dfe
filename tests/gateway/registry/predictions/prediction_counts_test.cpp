#include "gateway/registry/predictions/prediction_counts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

namespace tallygate::registry {
namespace {

// 2026-11-21T08:03:10Z, a Saturday.
constexpr WallTime kNow{std::chrono::seconds{1'795'248'190}};

CountChange change(const std::string& predicted, const std::string& actual, bool is_added = true,
                   WallTime at = kNow) {
  return {"v1", at, predicted, actual, is_added};
}

std::string make_id() {
  static int made = 0;
  return "id-" + std::to_string(++made);
}

/// "accuracy=0.5 ..." of the metrics that are written, "-ID" of those that are deleted.
std::string text_of(const std::vector<store::DocumentWrite>& writes) {
  std::string text;
  for (const auto& write : writes) {
    if (write.kind != kMetricKind) continue;
    text += text.empty() ? "" : " ";
    if (!write.body) {
      text += "-" + write.id;
      continue;
    }
    const Metric metric = *metric_of({write.kind, write.id, 1, kNow, kNow, *write.body});
    text += fmt::format("{}={:.2f}", metric.type, metric.value);
  }
  return text;
}

TEST(PredictionCounts, NamesThePeriodsThatAChangeTouches) {
  std::string ids;
  for (const auto& [id, counts] : counts_touched({change("true", "true")})) ids += id + " ";
  EXPECT_EQ(ids, "v1/daily/2026-11-21 v1/monthly/2026-11-01 v1/weekly/2026-11-16 ");
  EXPECT_EQ(counts_touched({change("a", "b", false), change("a", "a", true)}).size(), 3u);
  EXPECT_EQ(counts_touched({change("a", "b"), change("a", "b", true, kNow + std::chrono::days(1))})
                .size(),
            4u);
}

TEST(PredictionCounts, WritesWhatIsKnownAndDeletesWhatNoLongerIs) {
  const std::vector<CountChange> yes{change("true", "true")};
  auto counts = counts_touched(yes);
  ASSERT_TRUE(apply_changes(yes, counts).has_value());
  PredictionCounts& daily = counts.at("v1/daily/2026-11-21");
  EXPECT_EQ(text_of(writes_of(daily, kNow, make_id)),
            "accuracy=1.00 precision=1.00 recall=1.00 f1_score=1.00 false_negative_rate=0.00");
  const std::string precision = daily.metric_ids.at("precision");
  const std::string accuracy = daily.metric_ids.at("accuracy");

  ASSERT_TRUE(
      apply_changes({change("true", "true", false), change("false", "true")}, counts).has_value());
  const auto writes = writes_of(daily, kNow, make_id);
  EXPECT_EQ(text_of(writes),
            "accuracy=0.00 -" + precision + " recall=0.00 f1_score=0.00 false_negative_rate=1.00");
  EXPECT_EQ(writes.front().id, accuracy);
  EXPECT_FALSE(daily.metric_ids.contains("precision"));
}

TEST(PredictionCounts, GuardsEachPeriodByItsRevision) {
  const std::vector<CountChange> yes{change("true", "true")};
  auto counts = counts_touched(yes);
  ASSERT_TRUE(apply_changes(yes, counts).has_value());
  PredictionCounts& weekly = counts.at("v1/weekly/2026-11-16");
  weekly.revision = 7;
  const store::DocumentWrite own = writes_of(weekly, kNow, make_id).back();
  EXPECT_EQ(own.kind, kPredictionCountsKind);
  EXPECT_EQ(own.expected_revision, 7u);
  const auto read = prediction_counts_of({own.kind, own.id, 8, kNow, kNow, *own.body});
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->confusion, weekly.confusion);
  EXPECT_EQ(read->metric_ids, weekly.metric_ids);
  EXPECT_EQ(read->begin, weekly.begin);
  EXPECT_EQ(read->revision, 8u);
  EXPECT_EQ(prediction_counts_of({own.kind, own.id, 8, kNow, kNow, "{}"}).error().code,
            Errc::storage_corrupt);
}

TEST(PredictionCounts, MetricsAreOfTheirPeriod) {
  const std::vector<CountChange> yes{change("true", "true")};
  auto counts = counts_touched(yes);
  ASSERT_TRUE(apply_changes(yes, counts).has_value());
  for (auto& [id, each] : counts) {
    const store::DocumentWrite write = writes_of(each, kNow, make_id).front();
    const Metric metric = *metric_of({write.kind, write.id, 1, kNow, kNow, *write.body});
    EXPECT_EQ(metric.recorded_at, start_of(metric.period, kNow));
    EXPECT_EQ(metric.measured_at, kNow);
    EXPECT_EQ(metric.dataset, Dataset::production);
    EXPECT_EQ(metric.samples, 1u);
    EXPECT_TRUE(check_metric(metric, kNow).has_value());
  }
}

}  // namespace
}  // namespace tallygate::registry
