#include "gateway/registry/predictions/prediction_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/uuid.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::registry {
namespace {

constexpr WallTime kNow{std::chrono::seconds{1'795'248'190}};

class PredictionStore : public ::testing::Test {
 protected:
  PredictionStore() : catalog_(*store::open_catalog(folder_ / "catalog")) {}

  std::string make_id() { return to_string(make_uuid_v7(kNow, 0, ++ids_ << 2)); }

  /// False: another write came in between.
  bool write(const Subject& before, const Subject& after) {
    store::Transaction transaction;
    transaction.now = kNow;
    transaction.writes =
        *subject_writes(*catalog_, before, after, kNow, [this] { return make_id(); });
    const auto written = catalog_->transact(transaction);
    if (written.has_error()) {
      EXPECT_EQ(written.error().code, Errc::precondition_failed) << written.error().message;
    }
    return written.has_value();
  }
  void predict(const std::string& subject_id) {
    Prediction prediction;
    prediction.id = make_id();
    prediction.model_version_id = "config:route@1.0.0";
    prediction.predicted = {true, "true"};
    prediction.at = kNow;
    const Subject before = *find_subject(*catalog_, subject_id);
    ASSERT_TRUE(write(before, *with_prediction(before, prediction)));
  }
  void decide(const std::string& subject_id, bool actual) {
    for (bool written = false; !written;) {
      const Subject before = *find_subject(*catalog_, subject_id);
      const Answer answer{true, actual ? "true" : "false"};
      written = write(before, *with_outcome(before, answer, kNow));
    }
  }
  /// The figures of day, week and month, as "0.5 of 4".
  std::string accuracies() {
    store::DocumentQuery query;
    query.kind = kMetricKind;
    query.index_keys = {series_key("config:route@1.0.0", "accuracy")};
    std::string text;
    const auto page = catalog_->list(query);
    for (const store::Document& document : page->documents) {
      const Metric metric = *metric_of(document);
      text += std::to_string(metric.value).substr(0, 4) + " of " + std::to_string(metric.samples) +
              "; ";
    }
    return text;
  }

  tallygate::testing::TemporaryDirectory folder_;
  std::unique_ptr<store::Catalog> catalog_;
  std::atomic<std::uint64_t> ids_{0};
};

TEST_F(PredictionStore, TakesAnyNameOfASubject) {
  for (const std::string id : {"case-1", "a b/c:d%", "\xC3\xBC", "config:x@1"}) {
    predict(id);
    decide(id, true);
    EXPECT_EQ(find_subject(*catalog_, id)->revision, 2u) << id;
  }
  EXPECT_EQ(accuracies(), "1.00 of 4; 1.00 of 4; 1.00 of 4; ");
  EXPECT_EQ(find_subject(*catalog_, "nobody")->revision, 0u);
}

TEST_F(PredictionStore, RefusesAWriteOnSomethingStale) {
  predict("case-1");
  const Subject before = *find_subject(*catalog_, "case-1");
  const Subject after = *with_outcome(before, {true, "true"}, kNow);
  EXPECT_TRUE(write(before, after));
  EXPECT_FALSE(write(before, after));
  EXPECT_EQ(accuracies(), "1.00 of 1; 1.00 of 1; 1.00 of 1; ");
}

TEST_F(PredictionStore, CountsEachOutcomeOnceWhateverCrosses) {
  constexpr int kThreads = 4;
  constexpr int kSubjects = 4;  // of each thread
  for (int i = 0; i < kThreads * kSubjects; ++i) predict(std::to_string(i));
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([this, t] {
        for (int i = 0; i < kSubjects; ++i) {
          const std::string id = std::to_string(t * kSubjects + i);
          decide(id, true);
          decide(id, i % 2 == 0);
        }
      });
    }
  }
  EXPECT_EQ(accuracies(), "0.50 of 16; 0.50 of 16; 0.50 of 16; ");
}

}  // namespace
}  // namespace tallygate::registry
