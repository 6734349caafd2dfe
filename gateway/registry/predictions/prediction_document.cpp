#include "gateway/registry/predictions/prediction_document.h"

#include <algorithm>

#include "store/catalog/stored_json.h"

namespace tallygate::registry {
namespace {

namespace json = boost::json;
using store::number_of;
using store::read_stored;
using store::text_of;
using store::time_of;

json::value json_of(const Answer& answer) {
  if (answer.is_yes_no) return answer.label == "true";
  return json::string(answer.label);
}

Answer answer_of(const json::value& value) {
  if (value.is_bool()) return {true, value.as_bool() ? "true" : "false"};
  return {false, std::string(value.as_string())};
}

json::object json_of(const Prediction& prediction) {
  json::object body{{"id", prediction.id},
                    {"modelVersionId", prediction.model_version_id},
                    {"requestId", prediction.request_id},
                    {"predicted", json_of(prediction.predicted)},
                    {"at", micros_since_epoch(prediction.at)}};
  if (prediction.confidence) body["confidence"] = *prediction.confidence;
  return body;
}

Prediction prediction_of(const json::object& body) {
  Prediction prediction;
  prediction.id = text_of(body, "id");
  prediction.model_version_id = text_of(body, "modelVersionId");
  prediction.request_id = text_of(body, "requestId");
  prediction.predicted = answer_of(body.at("predicted"));
  prediction.at = time_of(body, "at");
  if (body.contains("confidence")) prediction.confidence = number_of(body, "confidence");
  return prediction;
}

Error different_kinds(const Subject& subject, const Answer& expected, std::string param) {
  return make_error(Errc::rule_broken,
                    "What is predicted about subject " + subject.id + " is " +
                        (expected.is_yes_no ? "true or false" : "a label (a string)") +
                        ": predictions and outcome of one subject are of one kind.",
                    std::move(param));
}

std::vector<CountChange> counted(const Subject& subject, bool is_added) {
  std::vector<CountChange> changes;
  if (!subject.actual) return changes;
  for (const Prediction& prediction : subject.predictions) {
    changes.push_back({prediction.model_version_id, prediction.at, prediction.predicted.label,
                       subject.actual->label, is_added});
  }
  return changes;
}

/// Takes out of `changes` one that is the opposite of `change`.
bool cancels(std::vector<CountChange>& changes, CountChange change) {
  change.is_added = !change.is_added;
  const auto opposite = std::find(changes.begin(), changes.end(), change);
  if (opposite == changes.end()) return false;
  changes.erase(opposite);
  return true;
}

}  // namespace

Result<Subject> with_prediction(Subject subject, Prediction prediction) {
  for (const Prediction& other : subject.predictions) {
    if (other.predicted.is_yes_no != prediction.predicted.is_yes_no) {
      return different_kinds(subject, other.predicted, "predicted");
    }
  }
  std::erase_if(subject.predictions, [&](const Prediction& other) {
    return other.model_version_id == prediction.model_version_id;
  });
  if (subject.predictions.size() >= kMaxPredictionsPerSubject) {
    return make_error(Errc::rule_broken,
                      "At most " + std::to_string(kMaxPredictionsPerSubject) +
                          " model versions can predict about one subject.",
                      "subjectId");
  }
  subject.predictions.push_back(std::move(prediction));
  return subject;
}

Result<Subject> with_outcome(Subject subject, const Answer& actual, WallTime now) {
  if (subject.predictions.empty()) {
    return make_error(Errc::not_found, "Nothing was predicted about subject " + subject.id +
                                           ": POST the prediction first.");
  }
  const Answer& predicted = subject.predictions.front().predicted;
  if (predicted.is_yes_no != actual.is_yes_no) {
    return different_kinds(subject, predicted, "actual");
  }
  if (subject.actual == actual) return subject;
  subject.actual = actual;
  subject.outcome_at = now;
  return subject;
}

std::vector<CountChange> changes_between(const Subject& before, const Subject& after) {
  std::vector<CountChange> changes = counted(before, false);
  for (CountChange& added : counted(after, true)) {
    if (!cancels(changes, added)) changes.push_back(std::move(added));
  }
  return changes;
}

std::string to_body(const Subject& subject) {
  json::object body;
  json::array predictions;
  for (const Prediction& prediction : subject.predictions) {
    predictions.push_back(json_of(prediction));
  }
  body["predictions"] = std::move(predictions);
  if (subject.actual) {
    body["actual"] = json_of(*subject.actual);
    body["outcomeAt"] = micros_since_epoch(*subject.outcome_at);
  }
  return json::serialize(body);
}

Result<Subject> subject_of(const store::Document& document) {
  return read_stored<Subject>(document, [&](const json::object& body) {
    Subject subject;
    subject.id = document.id;
    subject.revision = document.revision;
    for (const json::value& each : body.at("predictions").as_array()) {
      subject.predictions.push_back(prediction_of(each.as_object()));
    }
    if (body.contains("actual")) {
      subject.actual = answer_of(body.at("actual"));
      subject.outcome_at = time_of(body, "outcomeAt");
    }
    return subject;
  });
}

}  // namespace tallygate::registry
