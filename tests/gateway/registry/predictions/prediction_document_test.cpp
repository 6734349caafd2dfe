#include "gateway/registry/predictions/prediction_document.h"

#include <gtest/gtest.h>

namespace tallygate::registry {
namespace {

constexpr WallTime kNow{std::chrono::seconds{1'795'248'190}};
const Answer kYes{true, "true"};
const Answer kNo{true, "false"};

Prediction prediction(std::string version, const Answer& predicted, WallTime at = kNow) {
  Prediction made;
  made.id = "p-" + version;
  made.model_version_id = std::move(version);
  made.predicted = predicted;
  made.at = at;
  return made;
}

Subject subject_with(const std::vector<Prediction>& predictions) {
  Subject subject;
  subject.id = "case-1";
  for (const Prediction& each : predictions) subject = *with_prediction(subject, each);
  return subject;
}

/// As "+v1 true/false -v1 true/true".
std::string text_of(const std::vector<CountChange>& changes) {
  std::string text;
  for (const CountChange& change : changes) {
    text += text.empty() ? "" : " ";
    text += (change.is_added ? "+" : "-") + change.model_version_id + " " + change.predicted + "/" +
            change.actual;
  }
  return text;
}

TEST(PredictionDocument, CountsWhenTheOutcomeIsKnown) {
  const Subject none = subject_with({});
  const Subject predicted = subject_with({prediction("v1", kYes), prediction("v2", kNo)});
  EXPECT_EQ(text_of(changes_between(none, predicted)), "");
  const Subject decided = *with_outcome(predicted, kNo, kNow);
  EXPECT_EQ(text_of(changes_between(predicted, decided)), "+v1 true/false +v2 false/false");
}

TEST(PredictionDocument, CountsTheLastOutcomeOnly) {
  const Subject first = *with_outcome(subject_with({prediction("v1", kYes)}), kNo, kNow);
  EXPECT_EQ(text_of(changes_between(first, *with_outcome(first, kNo, kNow))), "");
  const Subject second = *with_outcome(first, kYes, kNow);
  EXPECT_EQ(text_of(changes_between(first, second)), "-v1 true/false +v1 true/true");
}

TEST(PredictionDocument, CountsTheLastPredictionOnly) {
  const Subject decided = *with_outcome(subject_with({prediction("v1", kYes)}), kNo, kNow);
  const auto later = kNow + std::chrono::days(40);
  const Subject again = *with_prediction(decided, prediction("v1", kNo, later));
  EXPECT_EQ(again.predictions.size(), 1u);
  const auto changes = changes_between(decided, again);
  EXPECT_EQ(text_of(changes), "-v1 true/false +v1 false/false");
  EXPECT_EQ(changes[0].at, kNow);
  EXPECT_EQ(changes[1].at, later);
  const Subject late = *with_prediction(decided, prediction("v2", kYes));
  EXPECT_EQ(text_of(changes_between(decided, late)), "+v2 true/false");
}

TEST(PredictionDocument, NamesTheBrokenRule) {
  const Subject subject = subject_with({prediction("v1", kYes)});
  const auto mixed = with_prediction(subject, prediction("v2", {false, "cat"}));
  EXPECT_EQ(mixed.error().code, Errc::rule_broken);
  EXPECT_EQ(mixed.error().param, "predicted");
  EXPECT_EQ(with_outcome(subject, {false, "true"}, kNow).error().param, "actual");
  EXPECT_EQ(with_outcome(subject_with({}), kYes, kNow).error().code, Errc::not_found);

  Subject full = subject_with({});
  for (std::size_t i = 0; i < kMaxPredictionsPerSubject; ++i) {
    full = *with_prediction(full, prediction("v" + std::to_string(i), kYes));
  }
  EXPECT_EQ(with_prediction(full, prediction("more", kYes)).error().code, Errc::rule_broken);
  EXPECT_TRUE(with_prediction(full, prediction("v3", kNo)).has_value());
}

TEST(PredictionDocument, ReadsWhatItWrote) {
  Prediction detailed = prediction("v1", {false, "a \"label\""});
  detailed.confidence = 0.75;
  detailed.request_id = "r1";
  Subject subject = subject_with({detailed, prediction("v2", {false, "true"})});
  subject = *with_outcome(subject, {false, "b"}, kNow);
  const auto read = subject_of({"prediction", "case-1", 3, kNow, kNow, to_body(subject)});
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(to_body(*read), to_body(subject));
  EXPECT_EQ(read->revision, 3u);
  EXPECT_FALSE(read->predictions[1].predicted.is_yes_no);
  EXPECT_TRUE(changes_between(*read, subject).empty());
  EXPECT_EQ(subject_of({"prediction", "x", 1, kNow, kNow, "{}"}).error().code,
            Errc::storage_corrupt);
}

}  // namespace
}  // namespace tallygate::registry
