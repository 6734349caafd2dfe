#include "gateway/api/experiments/ab_test_view.h"

#include <array>
#include <boost/json.hpp>

#include "config/yaml/scalars.h"
#include "gateway/api/shapes/body_members.h"
#include "gateway/api/shapes/json_body.h"
#include "gateway/api/shapes/timestamps.h"
#include "gateway/api/writes.h"
#include "gateway/registry/experiments/criteria_json.h"
#include "router/experiment/lifecycle.h"

namespace tallygate::api {
namespace {

namespace json = boost::json;
using config::ExperimentStatus;
using registry::AbTest;

constexpr std::string_view kStatuses[] = {"draft", "active", "paused", "completed", "cancelled"};
constexpr std::string_view kOrigins[] = {"api", "config"};

std::string share_text(double share) {
  // A percentage divided and multiplied again must not show its last bits.
  return number_text(share, 9);
}

std::string moment(const std::optional<WallTime>& time) {
  return time ? render_rfc3339(*time) : std::string();
}

void add_score(JsonText& out, std::string_view key, const std::optional<double>& score) {
  out.add_raw(key, score ? config::yaml::render_number(*score) : "null");
}

void add_paused(JsonText& out, std::span<const Uuid> paused) {
  out.open("paused", '[');
  for (const Uuid& id : paused) out.add_string(to_string(id));
  out.close(']');
}

std::string letter_of(const AbTest& test) {
  const auto arm = registry::arm_number(test, test.winner);
  if (!arm) return test.winner;
  return *arm < 2 ? (*arm == 0 ? "A" : "B") : test.winner;
}

void add_arms(JsonText& out, const AbTest& test) {
  out.open("variants", '[');
  for (const registry::Arm& arm : test.arms) {
    out.open('{');
    out.add("name", arm.name);
    out.add("version", arm.version);
    out.add_raw("weight", share_text(arm.weight));
    out.close('}');
  }
  out.close(']');
  out.open("traffic_split", '{');
  for (const registry::Arm& arm : test.arms) out.add_raw(arm.name, share_text(arm.weight));
  out.close('}');
}

constexpr Field text(std::string_view name, bool nullable = false) {
  return {.name = name, .required = true, .nullable = nullable};
}
constexpr Field typed(std::string_view name, FieldType type, bool nullable = false) {
  return {.name = name, .type = type, .required = true, .nullable = nullable};
}
constexpr Field kStatusField{.name = "status", .required = true, .one_of = kStatuses};
constexpr Field kOriginField{.name = "origin", .required = true, .one_of = kOrigins};
constexpr Field kPausedField{.name = "paused",
                             .type = FieldType::array,
                             .note = "Ids of the tests that this write paused.",
                             .items = FieldType::string};

constexpr Field kCriteriaFields[] = {
    {.name = "min_requests",
     .type = FieldType::integer,
     .note = "Started in every arm before a pass or a win.",
     .nullable = true},
    {.name = "max_error_rate",
     .type = FieldType::number,
     .note = "Guardrail: share of failed requests.",
     .nullable = true},
    {.name = "max_latency_ms",
     .type = FieldType::number,
     .note = "Guardrail: latency at latency_quantile.",
     .nullable = true},
    {.name = "latency_quantile", .type = FieldType::number, .nullable = true},
    {.name = "metric", .note = "What the arms are compared by.", .nullable = true},
    {.name = "min_improvement",
     .type = FieldType::number,
     .note = "Relative; 0.05 = 5 % better than control.",
     .nullable = true},
    {.name = "min_improvement_absolute", .type = FieldType::number, .nullable = true},
    {.name = "min_duration", .type = FieldType::any, .note = "\"7d\", or seconds."},
    {.name = "max_duration", .type = FieldType::any, .note = "\"28d\", or seconds."},
    {.name = "auto_complete", .type = FieldType::boolean, .nullable = true},
    {.name = "rollout",
     .type = FieldType::array,
     .note = "Stages in percent of the route, ascending.",
     .nullable = true,
     .items = FieldType::number},
};

constexpr Field kFormOneFields[] = {
    kIdField,
    text("name"),
    text("description"),
    text("modelType"),
    text("modelVersionAId"),
    text("modelVersionBId"),
    typed("trafficSplit", FieldType::number),
    typed("startDate", FieldType::timestamp, true),
    typed("endDate", FieldType::timestamp, true),
    kStatusField,
    typed("isActive", FieldType::boolean),
    {.name = "criteria", .type = FieldType::object, .required = true, .members = kCriteriaFields},
    typed("modelAScore", FieldType::number, true),
    typed("modelBScore", FieldType::number, true),
    text("winner", true),
    text("endReason", true),
    kOriginField,
    kPausedField,
    kCreatedField,
    kUpdatedField,
    kRevisionField,
};

constexpr Field kFormTwoFields[] = {
    kIdField,
    text("test_id"),
    text("name"),
    text("description"),
    text("model_type"),
    text("variant_a"),
    text("variant_b"),
    typed("variants", FieldType::array),
    typed("traffic_split", FieldType::object),
    kStatusField,
    {.name = "criteria", .type = FieldType::object, .required = true, .members = kCriteriaFields},
    typed("start_date", FieldType::timestamp, true),
    typed("end_date", FieldType::timestamp, true),
    typed("started_at", FieldType::timestamp, true),
    typed("ended_at", FieldType::timestamp, true),
    text("winner", true),
    typed("promoted", FieldType::boolean),
    text("end_reason", true),
    typed("stage", FieldType::integer),
    typed("coverage", FieldType::number),
    typed("epoch", FieldType::integer),
    kOriginField,
    kPausedField,
    kCreatedField,
    kUpdatedField,
    kRevisionField,
};

}  // namespace

std::span<const Field> form_one_fields() { return kFormOneFields; }
std::span<const Field> form_two_fields() { return kFormTwoFields; }
std::span<const Field> criteria_fields() { return kCriteriaFields; }

std::string render_form_one(const AbTest& test, std::span<const Uuid> paused) {
  JsonText out;
  out.open('{');
  add_document_fields(out, to_string(test.id), test.created, test.updated, test.revision);
  out.add("name", test.name);
  out.add("description", test.description);
  out.add("modelType", test.model_type);
  out.add("modelVersionAId", test.arms[0].version_id);
  out.add("modelVersionBId", test.arms[1].version_id);
  out.add_raw("trafficSplit", number_text(test.arms[0].weight * 100, 7));
  out.add_name("startDate", moment(test.start_date));
  out.add_name("endDate", moment(test.end_date));
  out.add("status", router::to_string(test.status));
  out.add("isActive", test.status == ExperimentStatus::active);
  out.add_raw("criteria", render_json(registry::criteria_json(test.criteria)));
  add_score(out, "modelAScore", test.score_a);
  add_score(out, "modelBScore", test.score_b);
  out.add_name("winner", letter_of(test));
  out.add_name("endReason", test.end_reason);
  out.add("origin", test.origin == registry::Origin::config ? "config" : "api");
  if (!paused.empty()) add_paused(out, paused);
  out.close('}');
  return out.take();
}

void add_form_two(JsonText& out, const AbTest& test) {
  add_document_fields(out, to_string(test.id), test.created, test.updated, test.revision);
  out.add("test_id", to_string(test.id));
  out.add("name", test.name);
  out.add("description", test.description);
  out.add("model_type", test.model_type);
  out.add("variant_a", test.arms[0].version);
  out.add("variant_b", test.arms[1].version);
  add_arms(out, test);
  out.add("status", router::to_string(test.status));
  out.add_raw("criteria", render_json(registry::criteria_json(test.criteria)));
  out.add_name("start_date", moment(test.start_date));
  out.add_name("end_date", moment(test.end_date));
  out.add_name("started_at", moment(test.started));
  out.add_name("ended_at", moment(test.ended));
  out.add_name("winner", test.winner);
  out.add("promoted", test.promoted);
  out.add_name("end_reason", test.end_reason);
  out.add("stage", std::uint64_t{test.stage});
  out.add_raw("coverage", share_text(test.coverage));
  out.add("epoch", std::uint64_t{test.epochs.empty() ? 0 : test.epochs.back().number});
  out.add("origin", test.origin == registry::Origin::config ? "config" : "api");
}

std::string render_form_two(const AbTest& test, std::span<const Uuid> paused) {
  JsonText out;
  out.open('{');
  add_form_two(out, test);
  if (!paused.empty()) add_paused(out, paused);
  out.close('}');
  return out.take();
}

std::string render_move(const AbTest& test, std::string_view action, std::string_view actor) {
  JsonText out;
  out.open('{');
  out.add("test_id", to_string(test.id));
  out.add("name", test.name);
  out.add("action", action);
  out.add("status", router::to_string(test.status));
  out.add("actor", actor);
  out.close('}');
  return out.take();
}

std::optional<std::optional<WallTime>> time_in(const json::object& body, std::string_view key) {
  const json::value* value = body.if_contains(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_null()) return std::optional<WallTime>();
  const auto text = text_in(body, key);
  return text ? parse_rfc3339(*text) : std::nullopt;
}

Result<std::optional<router::Criteria>> criteria_in(const json::object& body) {
  const json::value* value = body.if_contains("criteria");
  if (value == nullptr || value->is_null()) return std::optional<router::Criteria>();
  auto criteria = registry::criteria_of(value->as_object());
  if (!criteria) return criteria.error();
  return std::optional(std::move(*criteria));
}

}  // namespace tallygate::api
