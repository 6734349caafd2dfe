#include "gateway/api/feedback/feedback_fields.h"

#include <boost/json.hpp>

#include "gateway/api/shapes/body_members.h"
#include "gateway/api/shapes/json_text.h"
#include "gateway/api/shapes/timestamps.h"
#include "gateway/api/writes.h"

namespace tallygate::api {
namespace {

using improve::Opinion;

constexpr int kFigureDigits = 4;

constexpr std::string_view kThumbs[] = {"up", "down"};

constexpr Field score(std::string_view name) {
  return {.name = name, .type = FieldType::integer, .min = 1, .max = 5};
}
constexpr Field kRatingMembers[] = {
    {.name = "thumbs", .one_of = kThumbs},
    score("stars"),
    score("relevance"),
    score("accuracy"),
    score("helpfulness"),
    score("creativity"),
    score("overall"),
};
constexpr Field kRating{.name = "rating",
                        .type = FieldType::object,
                        .required = true,
                        .note = "thumbs, stars, or scores: one of the three forms",
                        .members = kRatingMembers};
constexpr Field kTags{.name = "tags",
                      .type = FieldType::array,
                      .note = "each of 1 to 64 bytes",
                      .max = improve::kMaxTags,
                      .items = FieldType::string};

constexpr Field kNewMembers[] = {
    {.name = "request_id", .note = "the answer's x-request-id", .min = 1, .max = 64},
    {.name = "response_id",
     .note = "the `id` in the answer, or its x-request-id",
     .min = 1,
     .max = 256},
    kRating,
    {.name = "comment", .note = "at most 16 KiB"},
    {.name = "correction",
     .note = "what the answer should have been, at most 64 KiB; kept for training"},
    kTags,
};

constexpr Field kGivenMembers[] = {
    {.name = "feedback_id", .required = true},
    {.name = "request_id", .required = true},
};

constexpr Field kOpinionMembers[] = {
    {.name = "feedback_id", .required = true},
    {.name = "at", .type = FieldType::timestamp, .required = true},
    {.name = "actor", .required = true, .note = "who brought it: an application's key"},
    kRating,
    {.name = "score",
     .type = FieldType::number,
     .required = true,
     .note = "the rating from 0 (worst) to 1 (best)",
     .min = 0,
     .max = 1},
    {.name = "comment", .required = true, .nullable = true},
    {.name = "correction", .required = true, .nullable = true},
    {.name = "tags", .type = FieldType::array, .required = true, .items = FieldType::string},
};

constexpr Field kFeedbackMembers[] = {
    {.name = "request_id", .required = true},
    {.name = "response_id", .required = true, .nullable = true},
    {.name = "requested_at", .type = FieldType::timestamp, .required = true},
    {.name = "model", .required = true},
    {.name = "version", .required = true, .note = "that served", .nullable = true},
    {.name = "target", .required = true, .nullable = true},
    {.name = "experiment", .required = true, .nullable = true},
    {.name = "variant", .required = true, .note = "that was assigned", .nullable = true},
    {.name = "latest", .type = FieldType::object, .required = true, .members = kOpinionMembers},
    {.name = "earlier",
     .type = FieldType::array,
     .required = true,
     .note = "newest first; ten of them, or 128 KiB of texts",
     .members = kOpinionMembers},
    kRevisionField,
};

void add_opinion(JsonText& json, const Opinion& opinion) {
  json.add("feedback_id", opinion.id);
  json.add("at", render_rfc3339(opinion.at));
  json.add("actor", opinion.actor);
  json.add_raw("rating", boost::json::serialize(improve::to_json(opinion.rating)));
  json.add_raw("score", number_text(improve::figure_of(opinion.rating), kFigureDigits));
  json.add_name("comment", opinion.comment);
  json.add_name("correction", opinion.correction);
  json.open("tags", '[');
  for (const std::string& tag : opinion.tags) json.add_string(tag);
  json.close(']');
}

}  // namespace

const Fields kNewFeedbackFields{.name = "NewFeedback", .fields = kNewMembers};
const Fields kGivenFeedbackFields{.name = "GivenFeedback", .fields = kGivenMembers};
const Fields kFeedbackFields{.name = "Feedback", .fields = kFeedbackMembers};
const Fields kFeedbackPageFields{.name = "Feedback", .fields = kFeedbackMembers, .is_page = true};

Result<Opinion> parse_opinion(const boost::json::object& body) {
  Opinion opinion;
  const auto rating = improve::parse_rating(body.at("rating").as_object());
  if (!rating) return rating.error();
  opinion.rating = *rating;
  opinion.comment = text_in(body, "comment").value_or("");
  opinion.correction = text_in(body, "correction").value_or("");
  if (const auto* tags = body.if_contains("tags")) {
    for (const auto& tag : tags->as_array()) opinion.tags.emplace_back(tag.as_string());
  }
  if (const auto fits = improve::check_opinion(opinion); !fits) return fits.error();
  return opinion;
}

std::string render_feedback(const improve::Feedback& feedback) {
  const improve::RatedRequest& request = feedback.request;
  JsonText json;
  json.open('{');
  json.add("request_id", request.id);
  json.add_name("response_id", request.response_id);
  json.add("requested_at", render_rfc3339(request.at));
  json.add("model", request.model);
  json.add_name("version", request.version);
  json.add_name("target", request.target);
  json.add_name("experiment", request.experiment);
  json.add_name("variant", request.variant);
  json.open("latest", '{');
  add_opinion(json, feedback.last);
  json.close('}');
  json.open("earlier", '[');
  for (const Opinion& opinion : feedback.earlier) {
    json.open('{');
    add_opinion(json, opinion);
    json.close('}');
  }
  json.close(']');
  json.add("revision", feedback.revision);
  json.close('}');
  return json.take();
}

}  // namespace tallygate::api
