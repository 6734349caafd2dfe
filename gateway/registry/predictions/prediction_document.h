#pragma once
// What was predicted about one subject (a case, a customer) and what came true: one document each
// (kind "prediction", id = the subject's), so that an outcome and a prediction that cross each
// other cannot miss. Several versions may predict about one subject, each once: the last wins.
// Pure.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "gateway/registry/predictions/prediction_confusion.h"
#include "store/catalog/catalog.h"

namespace tallygate::registry {

inline constexpr std::string_view kPredictionKind = "prediction";
inline constexpr std::size_t kMaxSubjectBytes = 128;
inline constexpr std::size_t kMaxPredictionsPerSubject = 16;

/// Yes/no or one of several. A yes/no answer counts under the labels "true" and "false".
struct Answer {
  bool is_yes_no = false;
  std::string label;
  bool operator==(const Answer&) const = default;
};

struct Prediction {
  std::string id;
  std::string model_version_id;
  std::string request_id;  ///< of the journal's record; empty = not told
  Answer predicted;
  std::optional<double> confidence;  ///< 0..1
  WallTime at{};
};

struct Subject {
  std::string id;
  std::vector<Prediction> predictions;  ///< in the order they came
  std::optional<Answer> actual;
  std::optional<WallTime> outcome_at;
  std::uint64_t revision = 0;  ///< 0 = not stored yet
};

/// Errors: rule_broken when the kinds (yes/no, label) of predictions and outcome differ, or for too
/// many versions.
Result<Subject> with_prediction(Subject subject, Prediction prediction);
/// Errors: rule_broken; not_found when nothing was predicted.
Result<Subject> with_outcome(Subject subject, const Answer& actual, WallTime now);

/// What counts, or no longer counts, in the periods that hold `at`.
struct CountChange {
  std::string model_version_id;
  WallTime at{};  ///< of the prediction: a late outcome belongs to the day of its prediction
  std::string predicted;
  std::string actual;
  bool is_added = true;
  bool operator==(const CountChange&) const = default;
};
/// Takings back first. Nothing if it is the same as before.
std::vector<CountChange> changes_between(const Subject& before, const Subject& after);

std::string to_body(const Subject& subject);
/// Errors: storage_corrupt.
Result<Subject> subject_of(const store::Document& document);

}  // namespace tallygate::registry
