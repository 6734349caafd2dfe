#include "gateway/api/metrics/predictions.h"

#include <algorithm>

#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/timestamps.h"
#include "gateway/api/writes.h"
#include "gateway/registry/known_versions.h"
#include "gateway/registry/predictions/prediction_store.h"

namespace tallygate::api {
namespace {

using http::Method;
using registry::Answer;
using registry::Prediction;
using registry::Subject;

constexpr Field kNewPredictionFields[] = {
    {.name = "modelVersionId", .note = "or request_id", .min = 1, .max = 600},
    {.name = "request_id",
     .note = "of a recorded request, whose served version predicted",
     .min = 1,
     .max = 64},
    {.name = "subjectId",
     .required = true,
     .note = "what the prediction is about",
     .min = 1,
     .max = registry::kMaxSubjectBytes},
    {.name = "predicted",
     .type = FieldType::any,
     .required = true,
     .note = "true, false, or a label"},
    {.name = "confidence", .type = FieldType::number, .min = 0, .max = 1},
};
constexpr Fields kNewPrediction{.name = "NewPrediction", .fields = kNewPredictionFields};

constexpr Field kOutcomeFields[] = {
    {.name = "actual", .type = FieldType::any, .required = true, .note = "true, false, or a label"},
};
constexpr Fields kOutcome{.name = "Outcome", .fields = kOutcomeFields};

constexpr Field kPredictionFields[] = {
    {.name = "id", .required = true},
    {.name = "modelVersionId", .required = true},
    {.name = "requestId", .required = true, .nullable = true},
    {.name = "predicted", .type = FieldType::any, .required = true},
    {.name = "confidence", .type = FieldType::number, .required = true, .nullable = true},
    {.name = "predictedAt", .type = FieldType::timestamp, .required = true},
    {.name = "isCorrect", .type = FieldType::boolean, .required = true, .nullable = true},
};
constexpr Field kSubjectFields[] = {
    {.name = "subjectId", .required = true},
    {.name = "actual", .type = FieldType::any, .required = true, .note = "null = not known yet"},
    {.name = "outcomeAt", .type = FieldType::timestamp, .required = true, .nullable = true},
    {.name = "predictions",
     .type = FieldType::array,
     .required = true,
     .note = "one of each version: the last",
     .members = kPredictionFields},
    kRevisionField,
};
constexpr Fields kSubject{.name = "PredictionSubject", .fields = kSubjectFields};

constexpr AdminRoute kRoutes[] = {
    {.method = Method::post,
     .path = "/api/admin/llm-models/predictions",
     .answer = create_prediction,
     .summary = "Records what a version predicted about a subject.",
     .request = &kNewPrediction,
     .result = &kSubject,
     .status = 201},
    {.path = "/api/admin/llm-models/predictions/{subjectId}",
     .answer = answer_subject,
     .summary = "What was predicted about a subject, and what came true.",
     .role = Role::viewer,
     .result = &kSubject},
    {.method = Method::post,
     .path = "/api/admin/llm-models/predictions/{subjectId}/outcome",
     .answer = record_outcome,
     .summary = "Records what came true; the last outcome counts.",
     .request = &kOutcome,
     .result = &kSubject},
};

Result<Answer> parse_answer(const boost::json::object& body, const std::string& name) {
  const boost::json::value& value = body.at(name);
  if (value.is_bool()) return Answer{true, value.as_bool() ? "true" : "false"};
  if (value.is_string()) {
    std::string label(value.as_string());
    if (!label.empty() && label.size() <= registry::kMaxLabelBytes) return Answer{false, label};
  }
  return make_error(Errc::invalid_parameter,
                    name + " is true, false, or a label of 1 to " +
                        std::to_string(registry::kMaxLabelBytes) + " bytes.",
                    name);
}

Result<void> check_subject_id(std::string_view id) {
  const bool printable = std::none_of(id.begin(), id.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (!id.empty() && id.size() <= registry::kMaxSubjectBytes && printable) return {};
  return make_error(Errc::invalid_parameter,
                    "subjectId is 1 to " + std::to_string(registry::kMaxSubjectBytes) +
                        " bytes without control characters.",
                    "subjectId");
}

Result<registry::ModelVersion> version_of_request(const store::Catalog& catalog,
                                                  const AdminContext& context,
                                                  const std::string& request_id) {
  const auto id = parse_uuid(request_id);
  if (!id) return make_error(id.error().code, id.error().message, "request_id");
  const auto record = context.find_record(*id);
  if (!record) return make_error(record.error().code, record.error().message, "request_id");
  auto version = registry::version_by_name(catalog, context.settings,
                                           std::string(context.names.text(record->route)),
                                           std::string(context.names.text(record->served_version)));
  if (!version) return version.error();
  if (*version) return std::move(**version);
  return make_error(Errc::rule_broken,
                    "No version that is known served this request: name one by modelVersionId.",
                    "request_id");
}

Result<registry::ModelVersion> version_of_body(const store::Catalog& catalog,
                                               const AdminContext& context,
                                               const boost::json::object& body) {
  const auto* id = body.if_contains("modelVersionId");
  const auto* request_id = body.if_contains("request_id");
  if ((id == nullptr) == (request_id == nullptr)) {
    return make_error(Errc::invalid_parameter,
                      "Who predicted is named by one of modelVersionId and request_id.",
                      "modelVersionId");
  }
  if (request_id != nullptr) {
    return version_of_request(catalog, context, std::string(request_id->as_string()));
  }
  auto version = registry::version_by_id(catalog, context.settings, std::string(id->as_string()));
  if (!version) return version.error();
  if (*version) return std::move(**version);
  return make_error(Errc::rule_broken,
                    "modelVersionId names a version that is known: there is no such.",
                    "modelVersionId");
}

std::string json_of(const Answer& answer) {
  if (answer.is_yes_no) return answer.label;
  JsonText json;
  json.add_string(answer.label);
  return json.take();
}

void add_prediction(JsonText& json, const Prediction& prediction, const Subject& subject) {
  json.open('{');
  json.add("id", prediction.id);
  json.add("modelVersionId", prediction.model_version_id);
  json.add_name("requestId", prediction.request_id);
  json.add_raw("predicted", json_of(prediction.predicted));
  json.add_raw("confidence",
               prediction.confidence ? number_text(*prediction.confidence, 9) : "null");
  json.add("predictedAt", render_rfc3339(prediction.at));
  if (subject.actual) {
    json.add("isCorrect", prediction.predicted == *subject.actual);
  } else {
    json.add_raw("isCorrect", "null");
  }
  json.close('}');
}

std::string render(const Subject& subject) {
  JsonText json;
  json.open('{');
  json.add("subjectId", subject.id);
  json.add_raw("actual", subject.actual ? json_of(*subject.actual) : "null");
  json.add_name("outcomeAt",
                subject.outcome_at ? render_rfc3339(*subject.outcome_at) : std::string());
  json.open("predictions", '[');
  for (const Prediction& prediction : subject.predictions) {
    add_prediction(json, prediction, subject);
  }
  json.close(']');
  json.add("revision", subject.revision);
  json.close('}');
  return json.take();
}

Result<Change> change_to(const store::Catalog& catalog, const AdminContext& context,
                         const Subject& before, Subject after, const char* action) {
  auto writes = registry::subject_writes(catalog, before, after, context.now,
                                         [&] { return to_string(context.make_id()); });
  if (!writes) return writes.error();
  after.revision = before.revision + 1;
  Change change;
  change.writes = std::move(*writes);
  change.action = action;
  change.body = render(after);
  change.revision = after.revision;
  return change;
}

Result<Change> decide_prediction(const store::Catalog& catalog, const AdminContext& context,
                                 const boost::json::object& body) {
  const auto predicted = parse_answer(body, "predicted");
  if (!predicted) return predicted.error();
  const std::string subject_id(body.at("subjectId").as_string());
  if (const auto fine = check_subject_id(subject_id); !fine) return fine.error();
  const auto version = version_of_body(catalog, context, body);
  if (!version) return version.error();
  const auto before = registry::find_subject(catalog, subject_id);
  if (!before) return before.error();

  Prediction prediction;
  prediction.id = to_string(context.make_id());
  prediction.model_version_id = version->id;
  if (const auto* id = body.if_contains("request_id")) prediction.request_id = id->as_string();
  prediction.predicted = *predicted;
  if (const auto* sure = body.if_contains("confidence")) {
    prediction.confidence = sure->to_number<double>();
  }
  prediction.at = context.now;
  auto after = registry::with_prediction(*before, std::move(prediction));
  if (!after) return after.error();
  auto change = change_to(catalog, context, *before, std::move(*after), "predict");
  if (change) change->status = 201;
  return change;
}

Result<Change> decide_outcome(const store::Catalog& catalog, const AdminContext& context,
                              const std::string& subject_id, const boost::json::object& body) {
  const auto actual = parse_answer(body, "actual");
  if (!actual) return actual.error();
  const auto before = registry::find_subject(catalog, subject_id);
  if (!before) return before.error();
  auto after = registry::with_outcome(*before, *actual, context.now);
  if (!after) return after.error();
  if (after->actual == before->actual) {
    Change same;
    same.body = render(*before);
    same.revision = before->revision;
    return same;
  }
  return change_to(catalog, context, *before, std::move(*after), "outcome");
}

}  // namespace

AdminResponse create_prediction(const AdminRequest& request, std::string_view,
                                const AdminContext& context) {
  return answer_write(request, context, kNewPrediction,
                      [&](const boost::json::object& body, const store::Catalog& catalog) {
                        return decide_prediction(catalog, context, body);
                      });
}

AdminResponse answer_subject(const AdminRequest& request, std::string_view subject_id,
                             const AdminContext& context) {
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  const auto subject = registry::find_subject(**catalog, std::string(subject_id));
  if (!subject) return error_answer(request, subject.error());
  if (subject->revision == 0) {
    return error_answer(
        request,
        make_error(Errc::not_found, "Nothing was predicted about this subject.", "subjectId"));
  }
  return document_answer(render(*subject), subject->revision);
}

AdminResponse record_outcome(const AdminRequest& request, std::string_view subject_id,
                             const AdminContext& context) {
  return answer_write(request, context, kOutcome,
                      [&](const boost::json::object& body, const store::Catalog& catalog) {
                        return decide_outcome(catalog, context, std::string(subject_id), body);
                      });
}

std::span<const AdminRoute> prediction_routes() { return kRoutes; }

}  // namespace tallygate::api
