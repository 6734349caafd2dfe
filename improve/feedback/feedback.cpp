#include "improve/feedback/feedback.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "store/catalog/stored_json.h"

namespace tallygate::improve {
namespace {

namespace json = boost::json;
using store::read_stored;
using store::text_of;
using store::time_of;

Error too_large(const char* param, std::size_t most) {
  return make_error(Errc::body_too_large,
                    std::string(param) + " has at most " + std::to_string(most) + " bytes.", param);
}

json::object json_of(const Opinion& opinion) {
  return {{"id", opinion.id},
          {"at", micros_since_epoch(opinion.at)},
          {"actor", opinion.actor},
          {"rating", to_json(opinion.rating)},
          {"comment", opinion.comment},
          {"correction", opinion.correction},
          {"tags", json::array(opinion.tags.begin(), opinion.tags.end())}};
}

Opinion opinion_of(const json::object& body) {
  Opinion opinion;
  opinion.id = text_of(body, "id");
  opinion.at = time_of(body, "at");
  opinion.actor = text_of(body, "actor");
  const auto rating = parse_rating(body.at("rating").as_object());
  if (!rating) throw std::runtime_error(rating.error().message);
  opinion.rating = *rating;
  opinion.comment = text_of(body, "comment");
  opinion.correction = text_of(body, "correction");
  for (const json::value& tag : body.at("tags").as_array()) {
    opinion.tags.emplace_back(tag.as_string());
  }
  return opinion;
}

json::object json_of(const RatedRequest& request) {
  return {{"responseId", request.response_id},
          {"model", request.model},
          {"version", request.version},
          {"target", request.target},
          {"experiment", request.experiment},
          {"variant", request.variant},
          {"epoch", request.epoch},
          {"at", micros_since_epoch(request.at)}};
}

RatedRequest request_of(const json::object& body) {
  RatedRequest request;
  request.response_id = text_of(body, "responseId");
  request.model = text_of(body, "model");
  request.version = text_of(body, "version");
  request.target = text_of(body, "target");
  request.experiment = text_of(body, "experiment");
  request.variant = text_of(body, "variant");
  request.epoch = body.at("epoch").to_number<std::uint32_t>();
  request.at = time_of(body, "at");
  return request;
}

/// How many of the newest fit both limits.
std::size_t kept_of(const std::vector<Opinion>& earlier) {
  std::size_t bytes = 0;
  std::size_t kept = 0;
  for (const Opinion& opinion : earlier) {
    bytes += opinion.comment.size() + opinion.correction.size();
    if (kept == kMaxEarlier || bytes > kMaxEarlierBytes) break;
    ++kept;
  }
  return kept;
}

}  // namespace

Result<void> check_opinion(const Opinion& opinion) {
  if (opinion.comment.size() > kMaxCommentBytes) return too_large("comment", kMaxCommentBytes);
  if (opinion.correction.size() > kMaxCorrectionBytes) {
    return too_large("correction", kMaxCorrectionBytes);
  }
  const bool fits =
      opinion.tags.size() <= kMaxTags &&
      std::all_of(opinion.tags.begin(), opinion.tags.end(), [](const std::string& tag) {
        return !tag.empty() && tag.size() <= kMaxTagBytes;
      });
  if (fits) return {};
  return make_error(Errc::invalid_parameter,
                    "tags are at most " + std::to_string(kMaxTags) + ", each of 1 to " +
                        std::to_string(kMaxTagBytes) + " bytes.",
                    "tags");
}

bool says_the_same(const Opinion& one, const Opinion& other) {
  return one.rating == other.rating && one.comment == other.comment &&
         one.correction == other.correction && one.tags == other.tags;
}

Feedback with_opinion(Feedback before, Opinion opinion) {
  if (before.revision > 0) {
    before.earlier.insert(before.earlier.begin(), std::move(before.last));
    before.earlier.resize(kept_of(before.earlier));
  }
  before.last = std::move(opinion);
  ++before.revision;
  return before;
}

std::string to_body(const Feedback& feedback) {
  json::array earlier;
  for (const Opinion& opinion : feedback.earlier) earlier.push_back(json_of(opinion));
  return json::serialize(json::object{{"request", json_of(feedback.request)},
                                      {"last", json_of(feedback.last)},
                                      {"earlier", std::move(earlier)}});
}

Result<Feedback> feedback_of(const store::Document& document) {
  return read_stored<Feedback>(document, [&](const json::object& body) {
    Feedback feedback;
    feedback.request = request_of(body.at("request").as_object());
    feedback.request.id = document.id;
    feedback.last = opinion_of(body.at("last").as_object());
    for (const json::value& opinion : body.at("earlier").as_array()) {
      feedback.earlier.push_back(opinion_of(opinion.as_object()));
    }
    feedback.revision = document.revision;
    return feedback;
  });
}

std::vector<std::string> index_keys_of(const Feedback& feedback) {
  std::vector<std::string> keys;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) keys.push_back(std::string(name) + "=" + value);
  };
  add("model", feedback.request.model);
  add("version", feedback.request.version);
  add("experiment", feedback.request.experiment);
  return keys;
}

}  // namespace tallygate::improve
