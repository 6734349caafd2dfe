#include "gateway/api/experiments/ab_tests.h"

#include <utility>

#include "gateway/api/experiments/ab_test_store.h"
#include "gateway/api/experiments/ab_test_view.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/body_members.h"
#include "router/experiment/lifecycle.h"

namespace tallygate::api {
namespace {

namespace json = boost::json;
using config::ExperimentStatus;
using http::Method;
using registry::AbTest;
using registry::Arm;

constexpr std::string_view kFirstStatuses[] = {"draft", "active"};
constexpr std::string_view kStatuses[] = {"draft", "active", "paused", "completed", "cancelled"};
constexpr std::string_view kWinners[] = {"A", "B", "tie"};
constexpr std::string_view kQuery[] = {"modelType", "status", "limit", "cursor"};
constexpr double kEveryone = 100;

constexpr Field named(std::string_view name, bool required) {
  return {.name = name, .required = required, .min = 1, .max = 256};
}
constexpr Field date(std::string_view name, std::string_view note) {
  return {.name = name, .type = FieldType::timestamp, .note = note, .nullable = true};
}
constexpr Field kDescription{.name = "description", .max = 64 * 1024};
// Its range is a rule (422), not the shape of the request.
constexpr Field kSplit{
    .name = "trafficSplit", .type = FieldType::number, .note = "Percent to A; default 50."};
constexpr Field kCriteria{.name = "criteria",
                          .type = FieldType::object,
                          .note = "What it has to show, and how it is rolled out.",
                          .nullable = true};
constexpr Field score(std::string_view name) {
  return {.name = name, .type = FieldType::number, .nullable = true};
}

constexpr Field kNewFields[] = {
    named("name", true),
    kDescription,
    named("modelVersionAId", true),
    named("modelVersionBId", true),
    kSplit,
    date("startDate", "In the future: it starts by itself."),
    date("endDate", "It completes by itself."),
    {.name = "status", .note = "Default: draft.", .one_of = kFirstStatuses},
    {.name = "isActive", .type = FieldType::boolean, .note = "true = status active."},
    kCriteria,
};
constexpr Fields kNewAbTest{.name = "NewAbTest", .fields = kNewFields};

constexpr Field kPatchFields[] = {
    named("name", false),
    kDescription,
    named("modelVersionAId", false),
    named("modelVersionBId", false),
    kSplit,
    date("startDate", "In the future: it starts by itself."),
    date("endDate", "It completes by itself."),
    {.name = "status", .one_of = kStatuses},
    {.name = "isActive", .type = FieldType::boolean, .note = "true starts it, false pauses it."},
    kCriteria,
    score("modelAScore"),
    score("modelBScore"),
    {.name = "winner", .one_of = kWinners, .nullable = true},
};
constexpr Fields kAbTestPatch{.name = "AbTestPatch", .fields = kPatchFields};

std::vector<Arm> arms_of(const std::string& version_a, const std::string& version_b,
                         double percent_to_a) {
  const double share = percent_to_a / kEveryone;
  return {{"a", "", share, version_a}, {"b", "", 1 - share, version_b}};
}

std::optional<ExperimentStatus> wanted_status(const json::object& body, ExperimentStatus now) {
  if (const auto word = text_in(body, "status")) return router::parse_status(*word);
  const json::value* is_active = body.if_contains("isActive");
  if (is_active == nullptr || !is_active->is_bool()) return std::nullopt;
  if (is_active->get_bool()) return ExperimentStatus::active;
  return now == ExperimentStatus::active ? std::optional(ExperimentStatus::paused) : std::nullopt;
}

Result<registry::AbTestRequest> request_of(const json::object& body) {
  registry::AbTestRequest request;
  request.name = text_in(body, "name").value_or("");
  request.description = text_in(body, "description").value_or("");
  request.arms = arms_of(text_in(body, "modelVersionAId").value_or(""),
                         text_in(body, "modelVersionBId").value_or(""),
                         number_in(body, "trafficSplit").value_or(kEveryone / 2));
  request.start_date = time_in(body, "startDate").value_or(std::nullopt);
  request.end_date = time_in(body, "endDate").value_or(std::nullopt);
  const auto criteria = criteria_in(body);
  if (!criteria) return criteria.error();
  request.criteria = criteria->value_or(router::Criteria{});
  return request;
}

Result<Change> create(const json::object& body, const AdminContext& context,
                      const store::Catalog& catalog) {
  const auto asked = request_of(body);
  if (!asked) return asked.error();
  AbTestWrite write(context, catalog);
  if (auto made = write.make(*asked); made.has_error()) return made.error();
  const auto wanted = wanted_status(body, ExperimentStatus::draft);
  // A start that lies ahead waits for its time.
  if (wanted == ExperimentStatus::active && !write.test().scheduled) {
    if (auto started = write.start(); started.has_error()) return started.error();
  }
  return write.change("create", render_form_one, 201);
}

AdminResponse answer_create(const AdminRequest& request, std::string_view,
                            const AdminContext& context) {
  return answer_write(request, context, kNewAbTest,
                      [&](const boost::json::object& body, const store::Catalog& catalog) {
                        return create(body, context, catalog);
                      });
}

/// The arms with what the body says of versions and split; nullopt = nothing.
Result<std::optional<std::vector<Arm>>> patched_arms(const json::object& body, const AbTest& test) {
  const auto version_a = text_in(body, "modelVersionAId");
  const auto version_b = text_in(body, "modelVersionBId");
  const auto percent = number_in(body, "trafficSplit");
  if (!version_a && !version_b && !percent) return std::optional<std::vector<Arm>>();
  if (test.arms.size() > 2) {
    return make_error(Errc::conflict,
                      "The test has more than two variants: change its split with PUT "
                      "/api/v1/ab-tests/{id}/traffic.",
                      "trafficSplit");
  }
  auto arms = test.arms;
  if (version_a) arms[0].version_id = *version_a;
  if (version_b) arms[1].version_id = *version_b;
  if (percent) {
    arms[0].weight = *percent / kEveryone;
    arms[1].weight = 1 - arms[0].weight;
  }
  return std::optional(std::move(arms));
}

Result<registry::AbTestPatch> patch_of(const json::object& body, const AbTest& test) {
  registry::AbTestPatch patch;
  patch.name = text_in(body, "name");
  patch.description = text_in(body, "description");
  auto arms = patched_arms(body, test);
  if (!arms) return arms.error();
  patch.arms = std::move(*arms);
  patch.start_date = time_in(body, "startDate");
  patch.end_date = time_in(body, "endDate");
  auto criteria = criteria_in(body);
  if (!criteria) return criteria.error();
  patch.criteria = std::move(*criteria);
  if (body.contains("criteria") && !patch.criteria) patch.criteria.emplace();
  patch.score_a = number_in(body, "modelAScore");
  patch.score_b = number_in(body, "modelBScore");
  const auto winner = text_in(body, "winner");
  if (winner) {
    patch.winner = *winner == "A"   ? test.arms[0].name
                   : *winner == "B" ? test.arms[1].name
                                    : *winner;
  } else if (body.contains("winner")) {
    patch.winner.emplace();
  }
  return patch;
}

Result<Change> update(const AdminRequest& request, std::string_view id, const json::object& body,
                      const AdminContext& context, const store::Catalog& catalog) {
  AbTestWrite write(context, catalog);
  if (auto loaded = write.load(request, id); loaded.has_error()) return loaded.error();
  const auto patch = patch_of(body, write.test());
  if (!patch) return patch.error();
  if (auto done = write.patch(*patch); done.has_error()) return done.error();
  if (const auto wanted = wanted_status(body, write.test().status)) {
    if (auto moved = write.move_to(*wanted); moved.has_error()) return moved.error();
  }
  return write.change("update", render_form_one);
}

AdminResponse answer_update(const AdminRequest& request, std::string_view id,
                            const AdminContext& context) {
  return answer_write(request, context, kAbTestPatch,
                      [&](const boost::json::object& body, const store::Catalog& catalog) {
                        return update(request, id, body, context, catalog);
                      });
}

AdminResponse answer_get(const AdminRequest& request, std::string_view id,
                         const AdminContext& context) {
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  const auto test = find_ab_test(**catalog, id);
  if (!test) return error_answer(request, test.error());
  return document_answer(render_form_one(*test, {}), test->revision);
}

AdminResponse answer_list(const AdminRequest& request, std::string_view,
                          const AdminContext& context) {
  return list_ab_tests(request, context, "modelType", render_form_one);
}

const Fields kFormOne{.name = "AbTest", .fields = form_one_fields()};
const Fields kPage{.name = "AbTests", .fields = form_one_fields(), .is_page = true};
constexpr std::string_view kPath = "/api/admin/llm-models/ab-tests";
constexpr std::string_view kOnePath = "/api/admin/llm-models/ab-tests/{id}";

constexpr AdminRoute kRoutes[] = {
    {.method = Method::post,
     .path = kPath,
     .answer = answer_create,
     .summary = "Make an A/B test of two versions; `status: active` starts it.",
     .request = &kNewAbTest,
     .result = &kFormOne,
     .status = 201},
    {.method = Method::get,
     .path = kPath,
     .answer = answer_list,
     .summary = "A/B tests, newest first.",
     .role = Role::viewer,
     .query = kQuery,
     .result = &kPage},
    {.method = Method::get,
     .path = kOnePath,
     .answer = answer_get,
     .summary = "One A/B test.",
     .role = Role::viewer,
     .result = &kFormOne},
    {.method = Method::put,
     .path = kOnePath,
     .answer = answer_update,
     .summary = "Change an A/B test: split, dates, criteria, scores, winner or status.",
     .request = &kAbTestPatch,
     .result = &kFormOne},
};

}  // namespace

std::span<const AdminRoute> ab_test_routes() { return kRoutes; }

}  // namespace tallygate::api
