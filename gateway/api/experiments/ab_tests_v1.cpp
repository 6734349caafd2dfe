#include "gateway/api/experiments/ab_tests_v1.h"

#include <utility>

#include "gateway/api/experiments/ab_test_look_up.h"
#include "gateway/api/experiments/ab_test_metrics.h"
#include "gateway/api/experiments/ab_test_split.h"
#include "gateway/api/experiments/ab_test_store.h"
#include "gateway/api/experiments/ab_test_view.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/body_members.h"
#include "gateway/registry/experiments/ab_test_checks.h"

namespace tallygate::api {
namespace {

namespace json = boost::json;
using http::Method;
using registry::Arm;

constexpr std::string_view kListQuery[] = {"model_type", "status", "limit", "cursor"};
constexpr std::string_view kSplitQuery[] = {"split"};
constexpr std::string_view kUserQuery[] = {"model_type", "user_id"};

constexpr Field named(std::string_view name, bool required, std::string_view note = {}) {
  return {.name = name, .required = required, .note = note, .min = 1, .max = 256};
}
constexpr Field date(std::string_view name, std::string_view note) {
  return {.name = name, .type = FieldType::timestamp, .note = note, .nullable = true};
}

constexpr Field kVariantFields[] = {
    {.name = "name", .required = true, .min = 1, .max = 31},
    named("version", true),
    {.name = "weight", .type = FieldType::number, .required = true},
};
constexpr Field kNewFields[] = {
    named("name", true),
    named("model_type", true, "The route whose units are split."),
    named("variant_a", false, "Version of control."),
    named("variant_b", false, "Version of the treatment."),
    {.name = "traffic_split",
     .type = FieldType::object,
     .note = "Shares by variant that sum to 1; default: equal."},
    {.name = "variants",
     .type = FieldType::array,
     .note = "In place of variant_a, variant_b and traffic_split; control first.",
     .max = registry::kMaxArms,
     .members = kVariantFields},
    {.name = "criteria",
     .type = FieldType::object,
     .note = "What it has to show, and how it is rolled out.",
     .nullable = true},
    {.name = "description", .max = 64 * 1024},
    date("start_date", "In the future: it starts by itself."),
    date("end_date", "It completes by itself."),
};
constexpr Fields kNewAbTest{.name = "NewAbTestV1", .fields = kNewFields};

constexpr Field kCompleteFields[] = {
    {.name = "winner", .note = "A variant, \"tie\" or null.", .max = 31, .nullable = true},
    {.name = "promote", .type = FieldType::boolean, .note = "Make the winner the default."},
};
constexpr Fields kComplete{.name = "AbTestResult", .fields = kCompleteFields};

constexpr Field kTrafficFields[] = {
    {.name = "split", .type = FieldType::object, .note = "Shares by variant that sum to 1."},
    {.name = "coverage", .type = FieldType::number, .note = "Share of the units in the test."},
};
constexpr Fields kTraffic{.name = "AbTestTraffic", .fields = kTrafficFields};

Result<std::vector<Arm>> arms_of(const json::object& body) {
  std::vector<Arm> arms;
  if (const json::value* variants = body.if_contains("variants")) {
    if (body.contains("variant_a") || body.contains("variant_b") ||
        body.contains("traffic_split")) {
      return make_error(Errc::invalid_parameter,
                        "Give either `variants`, or `variant_a`, `variant_b` and `traffic_split`.",
                        "variants");
    }
    for (const json::value& variant : variants->as_array()) {
      const json::object& from = variant.as_object();
      arms.push_back({text_in(from, "name").value_or(""), text_in(from, "version").value_or(""),
                      number_in(from, "weight").value_or(0), ""});
    }
    return arms;
  }
  for (const char* name : {"a", "b"}) {
    const std::string key = std::string("variant_") + name;
    const auto version = text_in(body, key);
    if (!version) {
      return make_error(Errc::missing_parameter,
                        "`" + key + "` is missing: the version of variant " + name + ".", key);
    }
    arms.push_back({name, *version, 0.5, ""});
  }
  if (const json::value* split = body.if_contains("traffic_split")) {
    const auto weights = split_of(*split, arms, "traffic_split");
    if (!weights) return weights.error();
    for (std::size_t i = 0; i < arms.size(); ++i) arms[i].weight = (*weights)[i];
  }
  return arms;
}

Result<Change> create(const json::object& body, const AdminContext& context,
                      const store::Catalog& catalog) {
  registry::AbTestRequest asked;
  asked.name = text_in(body, "name").value_or("");
  asked.description = text_in(body, "description").value_or("");
  asked.model_type = text_in(body, "model_type").value_or("");
  asked.start_date = time_in(body, "start_date").value_or(std::nullopt);
  asked.end_date = time_in(body, "end_date").value_or(std::nullopt);
  auto arms = arms_of(body);
  if (!arms) return arms.error();
  asked.arms = std::move(*arms);
  const auto criteria = criteria_in(body);
  if (!criteria) return criteria.error();
  asked.criteria = criteria->value_or(router::Criteria{});
  AbTestWrite write(context, catalog);
  if (auto made = write.make(asked); made.has_error()) return made.error();
  return write.change("create", render_form_two, 201);
}

AdminResponse answer_create(const AdminRequest& request, std::string_view,
                            const AdminContext& context) {
  return answer_write(request, context, kNewAbTest,
                      [&](const boost::json::object& body, const store::Catalog& catalog) {
                        return create(body, context, catalog);
                      });
}

AdminResponse answer_list(const AdminRequest& request, std::string_view,
                          const AdminContext& context) {
  return list_ab_tests(request, context, "model_type", render_form_two);
}

/// Loads the test, lets `act` change it and writes what came of it.
template <class Act>
AdminResponse answer_action(const AdminRequest& request, std::string_view id,
                            const AdminContext& context, const char* action, const Act& act) {
  return answer_write(request, context, [&](const store::Catalog& catalog) -> Result<Change> {
    AbTestWrite write(context, catalog);
    if (auto loaded = write.load(request, id); loaded.has_error()) return loaded.error();
    if (Result<void> done = act(write); done.has_error()) return done.error();
    return write.change(action, render_form_two);
  });
}

AdminResponse answer_start(const AdminRequest& request, std::string_view id,
                           const AdminContext& context) {
  return answer_action(request, id, context, "start",
                       [](AbTestWrite& write) { return write.start(); });
}

AdminResponse answer_resume(const AdminRequest& request, std::string_view id,
                            const AdminContext& context) {
  return answer_action(request, id, context, "resume", [](AbTestWrite& write) -> Result<void> {
    if (write.test().status == config::ExperimentStatus::draft) {
      return make_error(Errc::conflict,
                        "The test is draft and was never started: start it, or cancel it.",
                        "status");
    }
    return write.start();
  });
}

AdminResponse answer_pause(const AdminRequest& request, std::string_view id,
                           const AdminContext& context) {
  return answer_action(request, id, context, "pause",
                       [](AbTestWrite& write) { return write.pause(); });
}

AdminResponse answer_cancel(const AdminRequest& request, std::string_view id,
                            const AdminContext& context) {
  return answer_action(request, id, context, "cancel",
                       [](AbTestWrite& write) { return write.cancel(); });
}

AdminResponse answer_complete(const AdminRequest& request, std::string_view id,
                              const AdminContext& context) {
  const auto body = read_body(request, kComplete);
  if (!body) return error_answer(request, body.error());
  const std::string winner = text_in(*body, "winner").value_or("");
  const json::value* promote = body->if_contains("promote");
  const bool promotes = promote != nullptr && promote->is_bool() && promote->get_bool();
  return answer_action(request, id, context, "complete",
                       [&](AbTestWrite& write) { return write.complete(winner, promotes); });
}

AdminResponse answer_traffic(const AdminRequest& request, std::string_view id,
                             const AdminContext& context) {
  const auto body = read_body(request, kTraffic);
  if (!body) return error_answer(request, body.error());
  return answer_action(request, id, context, "split", [&](AbTestWrite& write) -> Result<void> {
    registry::AbTestPatch patch;
    patch.coverage = number_in(*body, "coverage");
    if (const json::value* split = body->if_contains("split")) {
      const auto weights = split_of(*split, write.test().arms, "split");
      if (!weights) return weights.error();
      patch.arms = write.test().arms;
      for (std::size_t i = 0; i < weights->size(); ++i) (*patch.arms)[i].weight = (*weights)[i];
    } else if (!patch.coverage) {
      return make_error(Errc::missing_parameter, "`split` is missing: shares by variant.", "split");
    }
    return write.patch(patch);
  });
}

constexpr Field kPreviewFields[] = {
    {.name = "test_id", .required = true},
    {.name = "split", .type = FieldType::object, .required = true},
    {.name = "moved_share", .type = FieldType::number, .required = true, .min = 0, .max = 1},
};
constexpr Fields kPreview{.name = "AbTestPreview", .fields = kPreviewFields};

const Fields kAbTest{.name = "AbTestV1", .fields = form_two_fields()};
const Fields kPage{.name = "AbTestsV1", .fields = form_two_fields(), .is_page = true};
const Fields kReport{.name = "AbTestReport", .fields = report_fields()};

constexpr AdminRoute action(std::string_view path,
                            AdminResponse (*answer)(const AdminRequest&, std::string_view,
                                                    const AdminContext&),
                            std::string_view summary, const Fields* body = nullptr) {
  return {.method = Method::post,
          .path = path,
          .answer = answer,
          .summary = summary,
          .request = body,
          .result = &kAbTest};
}

constexpr AdminRoute kRoutes[] = {
    {.method = Method::post,
     .path = "/api/v1/ab-tests",
     .answer = answer_create,
     .summary = "Make an A/B test of two or more versions, as a draft.",
     .request = &kNewAbTest,
     .result = &kAbTest,
     .status = 201},
    {.method = Method::get,
     .path = "/api/v1/ab-tests",
     .answer = answer_list,
     .summary = "A/B tests, newest first.",
     .role = Role::viewer,
     .query = kListQuery,
     .result = &kPage},
    {.method = Method::get,
     .path = "/api/v1/ab-tests/user/variant",
     .answer = answer_user_variant,
     .summary = "The variant that a unit gets, or null; a look-up, which counts nothing.",
     .role = Role::viewer,
     .query = kUserQuery},
    {.method = Method::get,
     .path = "/api/v1/ab-tests/{id}",
     .answer = answer_report,
     .summary = "One A/B test with its metrics, assignments and analysis.",
     .role = Role::viewer,
     .result = &kReport},
    action("/api/v1/ab-tests/{id}/start", answer_start,
           "Start it; the running test of the model type is paused."),
    action("/api/v1/ab-tests/{id}/pause", answer_pause, "Pause it: everyone gets control."),
    action("/api/v1/ab-tests/{id}/resume", answer_resume, "Resume it: units keep their variants."),
    action("/api/v1/ab-tests/{id}/complete", answer_complete,
           "Complete it, with a winner or without; `promote` makes that the default.", &kComplete),
    action("/api/v1/ab-tests/{id}/cancel", answer_cancel, "Cancel it; it cannot run again."),
    {.method = Method::put,
     .path = "/api/v1/ab-tests/{id}/traffic",
     .answer = answer_traffic,
     .summary = "Split it anew, moving as few units as can be.",
     .request = &kTraffic,
     .result = &kAbTest},
    {.method = Method::get,
     .path = "/api/v1/ab-tests/{id}/preview",
     .answer = answer_preview,
     .summary = "Share of the units that another split would move.",
     .role = Role::viewer,
     .query = kSplitQuery,
     .result = &kPreview},
    {.method = Method::post,
     .path = "/api/v1/ab-tests/{id}/metrics",
     .answer = answer_add_metric,
     .summary = "Report a value of a metric of your own.",
     .request = &kNewMetricValue,
     .result = &kMetricValue,
     .status = 201,
     .for_applications = true},
};

}  // namespace

std::span<const AdminRoute> ab_test_v1_routes() { return kRoutes; }

}  // namespace tallygate::api
