#include "gateway/api/feedback/feedback_api.h"

#include "gateway/api/feedback/feedback_fields.h"
#include "gateway/api/feedback/rated_request.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/body_members.h"
#include "gateway/api/writes.h"

namespace tallygate::api {
namespace {

using http::Method;
using improve::Feedback;
using improve::Opinion;

constexpr std::string_view kParameters[] = {"model", "version", "experiment", "limit", "cursor"};

/// What was said of the request so far; with revision 0 nothing.
Result<Feedback> feedback_so_far(const store::Catalog& catalog,
                                 const improve::RatedRequest& request) {
  const auto document = catalog.find(improve::kFeedbackKind, request.id);
  if (document) return improve::feedback_of(*document);
  if (document.error().code != Errc::not_found) return document.error();
  Feedback feedback;
  feedback.request = request;
  return feedback;
}

std::string render_given(const Feedback& feedback) {
  JsonText json;
  json.open('{');
  json.add("feedback_id", feedback.last.id);
  json.add("request_id", feedback.request.id);
  json.close('}');
  return json.take();
}

store::DocumentWrite write_of(const Feedback& feedback, std::uint64_t expected_revision) {
  store::DocumentWrite write;
  write.kind = improve::kFeedbackKind;
  write.id = feedback.request.id;
  write.body = improve::to_body(feedback);
  write.index_keys = improve::index_keys_of(feedback);
  write.forget = true;  // the words of people are in one place
  write.expected_revision = expected_revision;
  return write;
}

struct Given {
  improve::RatedRequest request;
  Opinion opinion;
};

Result<Given> read_given(const AdminRequest& request, const AdminContext& context) {
  const auto body = read_body(request, kNewFeedbackFields);
  if (!body) return body.error();
  auto opinion = parse_opinion(*body);
  if (!opinion) return opinion.error();
  auto rated = find_rated_request(text_in(*body, "request_id").value_or(""),
                                  text_in(*body, "response_id").value_or(""), context);
  if (!rated) return rated.error();
  opinion->id = to_string(context.make_id());
  opinion->at = context.now;
  opinion->actor = context.actor;
  return Given{std::move(*rated), std::move(*opinion)};
}

Result<Change> decide(const Given& given, const store::Catalog& catalog) {
  const auto before = feedback_so_far(catalog, given.request);
  if (!before) return before.error();
  Change change;
  change.status = 201;
  if (before->revision > 0 && improve::says_the_same(before->last, given.opinion)) {
    change.body = render_given(*before);
    return change;
  }
  const Feedback after = improve::with_opinion(*before, given.opinion);
  change.writes.push_back(write_of(after, before->revision));
  change.action = "give feedback";
  change.body = render_given(after);
  return change;
}

AdminResponse give_feedback(const AdminRequest& request, std::string_view,
                            const AdminContext& context) {
  // The journal is asked before the decision, of which there is one at a time.
  const auto given = read_given(request, context);
  if (!given) return error_answer(request, given.error());
  return answer_write(request, context,
                      [&](const store::Catalog& catalog) { return decide(*given, catalog); });
}

AdminResponse answer_feedback(const AdminRequest& request, std::string_view request_id,
                              const AdminContext& context) {
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  const auto id = parse_uuid(request_id);
  if (!id) return error_answer(request, id.error());
  const auto document = (*catalog)->find(improve::kFeedbackKind, to_string(*id));
  if (!document) return error_answer(request, document.error());
  const auto feedback = improve::feedback_of(*document);
  if (!feedback) return error_answer(request, feedback.error());
  return document_answer(render_feedback(*feedback), feedback->revision);
}

AdminResponse list_feedback(const AdminRequest& request, std::string_view,
                            const AdminContext& context) {
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  const auto query = Query::parse(request.head.query, kParameters);
  if (!query) return error_answer(request, query.error());
  auto documents = document_query(improve::kFeedbackKind, *query);
  if (!documents) return error_answer(request, documents.error());
  for (const std::string_view name : {"model", "version", "experiment"}) {
    const std::string_view value = query->value_of(name);
    if (!value.empty())
      documents->index_keys.push_back(std::string(name).append("=").append(value));
  }
  return page_answer(request, (*catalog)->list(*documents),
                     [](const store::Document& document) -> Result<std::string> {
                       const auto feedback = improve::feedback_of(document);
                       if (!feedback) return feedback.error();
                       return render_feedback(*feedback);
                     });
}

constexpr AdminRoute kRoutes[] = {
    {.method = Method::post,
     .path = "/v1/feedback",
     .answer = give_feedback,
     .summary = "What a person thinks of an answer. The last opinion on a request counts.",
     .request = &kNewFeedbackFields,
     .result = &kGivenFeedbackFields,
     .status = 201,
     .for_applications = true},
    {.path = "/v1/feedback",
     .answer = list_feedback,
     .summary = "Feedback, the newest requests first.",
     .role = Role::viewer,
     .query = kParameters,
     .result = &kFeedbackPageFields},
    {.path = "/v1/feedback/{requestId}",
     .answer = answer_feedback,
     .summary = "What was said of one request, and before.",
     .role = Role::viewer,
     .result = &kFeedbackFields},
};

}  // namespace

std::span<const AdminRoute> feedback_routes() { return kRoutes; }

}  // namespace tallygate::api
