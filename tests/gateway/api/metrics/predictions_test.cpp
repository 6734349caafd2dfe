#include "gateway/api/metrics/predictions.h"

#include "gateway/registry/predictions/prediction_store.h"
#include "tests/gateway/api/metrics/metric_kit.h"

namespace tallygate::api {
namespace {

const std::string kPath = "/api/admin/llm-models/predictions";

struct PredictionKit : MetricKit {
  AdminResponse predict(const std::string& subject, const std::string& predicted,
                        const std::string& version = "v1") {
    return post(kPath, R"({"modelVersionId":")" + version + R"(","subjectId":")" + subject +
                           R"(","predicted":)" + predicted + R"(,"confidence":0.75})");
  }
  AdminResponse decide(const std::string& subject, const std::string& actual) {
    return post(kPath + "/" + subject + "/outcome", R"({"actual":)" + actual + "}");
  }
};

const Fields& result() { return *prediction_routes().front().result; }

TEST(PredictionsApi, ComputesMetricsOfADayWeekAndMonth) {
  PredictionKit kit;
  expect_answer(kit.predict("case-1", "true"), 201, result());
  EXPECT_EQ(kit.computed("v1", "daily"), "");
  const AdminResponse outcome = kit.decide("case-1", "true");
  expect_answer(outcome, 200, result());
  EXPECT_EQ(member_of(outcome, "predictions.0.isCorrect"), "true");
  kit.predict("case-2", "true");
  kit.decide("case-2", "false");
  for (const std::string period : {"daily", "weekly", "monthly"}) {
    EXPECT_EQ(kit.computed("v1", period),
              "accuracy=0.500 of 2; f1_score=0.666 of 2; false_negative_rate=0.000 of 2; "
              "false_positive_rate=1.000 of 2; precision=0.500 of 2; recall=1.000 of 2");
  }
  EXPECT_EQ(kit.computed("v2", "daily"), "");
}

TEST(PredictionsApi, CountsTheLastOutcomeOnly) {
  PredictionKit kit;
  kit.predict("case-1", "true");
  for (const char* actual : {"true", "true", "false", "true", "false"}) {
    EXPECT_EQ(kit.decide("case-1", actual).status, 200u);
  }
  EXPECT_EQ(kit.computed("v1", "daily"),
            "accuracy=0.000 of 1; f1_score=0.000 of 1; false_positive_rate=1.000 of 1; "
            "precision=0.000 of 1");
  kit.predict("case-1", "false");
  EXPECT_EQ(kit.computed("v1", "daily"), "accuracy=1.000 of 1; false_positive_rate=0.000 of 1");
}

TEST(PredictionsApi, WritesNothingForTheSameOutcome) {
  PredictionKit kit;
  kit.predict("case-1", "true");
  kit.decide("case-1", "true");
  const int before = kit.catalog.transactions;
  const AdminResponse again = kit.decide("case-1", "true");
  EXPECT_EQ(again.status, 200u);
  EXPECT_EQ(member_of(again, "revision"), "2");
  EXPECT_EQ(kit.catalog.transactions, before);
}

TEST(PredictionsApi, BelongsToTheDayOfThePrediction) {
  PredictionKit kit;
  kit.predict("case-1", "true");
  kit.context.now += std::chrono::days(40);
  kit.decide("case-1", "true");
  const AdminResponse page =
      kit.get("/api/admin/llm-models/metrics?modelVersionId=v1&metricType=accuracy&period=daily");
  EXPECT_EQ(member_of(page, "data.0.recordedAt"), "2026-11-21T00:00:00.000000Z");
}

TEST(PredictionsApi, CountsAgainWhenAnotherOutcomeCameInBetween) {
  PredictionKit kit;
  kit.predict("case-1", "true");
  kit.predict("case-2", "true");
  // Between what a decision reads and its write another subject's outcome is counted.
  kit.catalog.before_transact = [&kit] {
    const auto before = registry::find_subject(kit.catalog, "case-2");
    const auto after = registry::with_outcome(*before, {true, "false"}, kit.context.now);
    store::Transaction other;
    other.now = kit.context.now;
    other.writes = *registry::subject_writes(kit.catalog, *before, *after, kit.context.now,
                                             [&kit] { return to_string(kit.context.make_id()); });
    ASSERT_TRUE(kit.catalog.transact(other).has_value());
  };
  EXPECT_EQ(kit.decide("case-1", "true").status, 200u);
  EXPECT_TRUE(kit.computed("v1", "daily").starts_with("accuracy=0.500 of 2"));
}

TEST(PredictionsApi, AveragesOverLabels) {
  PredictionKit kit;
  kit.predict("a", R"("cat")");
  kit.predict("b", R"("dog")");
  kit.decide("a", R"("cat")");
  kit.decide("b", R"("cat")");
  EXPECT_EQ(kit.computed("v1", "daily"),
            "accuracy=0.500 of 2; f1_score=0.333 of 2; false_negative_rate=0.500 of 2; "
            "false_positive_rate=0.500 of 2; precision=0.500 of 2; recall=0.500 of 2");
}

TEST(PredictionsApi, HoldsABoundedNumberOfLabels) {
  PredictionKit kit;
  for (std::size_t i = 0; i <= registry::kMaxLabels; ++i) {
    const std::string label = "\"l" + std::to_string(i) + "\"";
    kit.predict("case-" + std::to_string(i), label);
    const AdminResponse decided = kit.decide("case-" + std::to_string(i), label);
    EXPECT_EQ(decided.status, i < registry::kMaxLabels ? 200u : 422u) << decided.body;
  }
  // Nothing of the refused one was written.
  EXPECT_EQ(member_of(kit.get(kPath + "/case-" + std::to_string(registry::kMaxLabels)), "actual"),
            "null");
}

TEST(PredictionsApi, FindsTheVersionThatServedARequest) {
  PredictionKit kit;
  const std::string id = "019aa4a5-3c30-7000-8000-0000000000ff";
  router::Record record;
  record.route = kit.names.intern("assistant");
  record.served_version = kit.names.intern("2.0.0");
  kit.context.find_record = [&](const Uuid& asked) -> Result<router::Record> {
    if (to_string(asked) == id) return record;
    return make_error(Errc::not_found, "There is no such record.");
  };
  const auto ask = [&](const std::string& request) {
    return kit.post(kPath,
                    R"({"request_id":")" + request + R"(","subjectId":"case-1","predicted":true})");
  };
  EXPECT_EQ(member_of(ask(id), "predictions.0.modelVersionId"), "v2");
  expect_error(ask("019aa4a5-3c30-7000-8000-000000000000"), 404, "not_found");
  expect_error(ask("x"), 400, "invalid_parameter");
  record.served_version = kit.names.intern("9.9.9");
  expect_error(ask(id), 422, "rule_broken", "modelVersionId");
}

TEST(PredictionsApi, NamesWhatIsWrong) {
  PredictionKit kit;
  expect_error(kit.predict("case-1", "true", "v9"), 422, "rule_broken", "known");
  expect_error(kit.predict("case-1", "1"), 400, "invalid_parameter", "predicted is");
  expect_error(kit.predict("case-1", "\"\""), 400, "invalid_parameter", "predicted is");
  expect_error(kit.predict(R"(a\nb)", "true"), 400, "invalid_parameter", "subjectId");
  expect_error(kit.post(kPath, R"({"subjectId":"a","predicted":true})"), 400, "invalid_parameter",
               "one of");
  expect_error(kit.decide("nobody", "true"), 404, "not_found", "nobody");
  expect_error(kit.get(kPath + "/nobody"), 404, "not_found");
  kit.predict("case-1", "true");
  expect_error(kit.decide("case-1", R"("yes")"), 422, "rule_broken", "true or false");
  EXPECT_EQ(kit.decide("case%2D1", "true").status, 200u);
}

}  // namespace
}  // namespace tallygate::api
