#include "gateway/api/metrics/alerts.h"

#include "config/yaml/scalars.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/timestamps.h"
#include "gateway/api/writes.h"
#include "gateway/registry/known_versions.h"
#include "gateway/registry/metrics/alert_tick.h"
#include "gateway/registry/secret_reference.h"

namespace tallygate::api {
namespace {

using http::Method;
using registry::AlertRule;

constexpr int kDigits = 12;

constexpr Field kWebhookFields[] = {
    {.name = "url", .required = true, .min = 1, .max = 2000},
    {.name = "secretRef",
     .required = true,
     .note = "env:NAME or file:/path that the configuration file allows; signs the message",
     .min = 1,
     .max = 1000},
    {.name = "allowPrivate",
     .type = FieldType::boolean,
     .note = "its address may be private or loopback; default: false"},
};
constexpr Field kNewAlertFields[] = {
    {.name = "metricType",
     .required = true,
     .note = "error_rate and latency_p95 (ms) are of live traffic, others of metrics",
     .min = 1,
     .max = 64},
    {.name = "modelType", .required = true, .min = 1, .max = 256},
    {.name = "below", .type = FieldType::number, .note = "fires below it; or above"},
    {.name = "above", .type = FieldType::number},
    {.name = "window",
     .type = FieldType::duration,
     .required = true,
     .note = "of what is looked at, and how long it must be well to clear: 1m to 30d"},
    {.name = "clear", .type = FieldType::number, .note = "clears here or better"},
    {.name = "webhook", .type = FieldType::object, .members = kWebhookFields},
};
constexpr Fields kNewAlert{.name = "NewAlert", .fields = kNewAlertFields};

constexpr std::string_view kStates[] = {"quiet", "firing", "clearing"};
constexpr Field kAlertFields[] = {
    kIdField,
    {.name = "metricType", .required = true},
    {.name = "modelType", .required = true},
    {.name = "below", .type = FieldType::number, .required = true, .nullable = true},
    {.name = "above", .type = FieldType::number, .required = true, .nullable = true},
    {.name = "clear", .type = FieldType::number, .required = true},
    {.name = "window", .type = FieldType::duration, .required = true},
    {.name = "webhook",
     .type = FieldType::object,
     .required = true,
     .nullable = true,
     .members = kWebhookFields},
    {.name = "state", .required = true, .one_of = kStates},
    {.name = "firings", .type = FieldType::integer, .required = true, .note = "since it stands"},
    {.name = "firedAt", .type = FieldType::timestamp, .required = true, .nullable = true},
    {.name = "clearedAt", .type = FieldType::timestamp, .required = true, .nullable = true},
    {.name = "value",
     .type = FieldType::number,
     .required = true,
     .note = "at the last change of state",
     .nullable = true},
    {.name = "modelVersionId", .required = true, .note = "whose value", .nullable = true},
    kCreatedField,
    kUpdatedField,
    kRevisionField,
};
constexpr Fields kAlert{.name = "Alert", .fields = kAlertFields};
constexpr Fields kAlertPage{.name = "Alert", .fields = kAlertFields, .is_page = true};
constexpr Field kDeletedFields[] = {
    {.name = "id", .required = true},
    {.name = "deleted", .type = FieldType::boolean, .required = true},
};
constexpr Fields kDeleted{.name = "Deleted", .fields = kDeletedFields};

constexpr std::string_view kListQuery[] = {"modelType", "metricType", "state", "limit", "cursor"};

constexpr AdminRoute kRoutes[] = {
    {.method = Method::post,
     .path = "/api/admin/llm-models/metrics/alerts",
     .answer = create_alert,
     .summary = "Sets up an alert on a metric of a model type.",
     .request = &kNewAlert,
     .result = &kAlert,
     .status = 201},
    {.path = "/api/admin/llm-models/metrics/alerts",
     .answer = list_alerts,
     .summary = "Standing alerts; state=fired for those that fire now.",
     .role = Role::viewer,
     .query = kListQuery,
     .result = &kAlertPage},
    {.path = "/api/admin/llm-models/metrics/alerts/{id}",
     .answer = answer_alert,
     .summary = "One alert and the state it is in.",
     .role = Role::viewer,
     .result = &kAlert},
    {.method = Method::delete_,
     .path = "/api/admin/llm-models/metrics/alerts/{id}",
     .answer = delete_alert,
     .summary = "Takes an alert down.",
     .result = &kDeleted},
};

std::string text_of(const boost::json::object& body, std::string_view name) {
  const auto* value = body.if_contains({name.data(), name.size()});
  return value == nullptr ? std::string() : std::string(value->as_string());
}

std::string duration_text(std::chrono::seconds duration) {
  const auto seconds = duration.count();
  if (seconds % 86'400 == 0) return std::to_string(seconds / 86'400) + "d";
  if (seconds % 3600 == 0) return std::to_string(seconds / 3600) + "h";
  if (seconds % 60 == 0) return std::to_string(seconds / 60) + "m";
  return std::to_string(seconds) + "s";
}

void add_threshold(JsonText& json, const AlertRule& rule) {
  const std::string threshold = number_text(rule.threshold, kDigits);
  json.add_raw("below", rule.is_below ? threshold : "null");
  json.add_raw("above", rule.is_below ? "null" : threshold);
  json.add_raw("clear", number_text(rule.clear, kDigits));
}

void add_value(JsonText& json, const registry::AlertState& state) {
  json.add_raw("value", state.value ? number_text(*state.value, kDigits) : "null");
  json.add_name("modelVersionId", state.model_version_id);
}

std::string time_text(const std::optional<WallTime>& time) {
  return time ? render_rfc3339(*time) : std::string();
}

std::string render(const AlertRule& rule) {
  JsonText json;
  json.open('{');
  json.add("metricType", rule.metric_type);
  json.add("modelType", rule.model_type);
  add_threshold(json, rule);
  json.add("window", duration_text(rule.window));
  if (rule.webhook_url.empty()) {
    json.add_raw("webhook", "null");
  } else {
    json.open("webhook", '{');
    json.add("url", rule.webhook_url.substr(0, rule.webhook_url.find('?')));  // may hold a token
    json.add("secretRef", rule.secret_ref);
    json.add("allowPrivate", rule.allow_private);
    json.close('}');
  }
  json.add("state", to_string(rule.state.phase));
  json.add("firings", rule.state.firings);
  json.add_name("firedAt", time_text(rule.state.fired_at));
  json.add_name("clearedAt", time_text(rule.state.cleared_at));
  add_value(json, rule.state);
  add_document_fields(json, rule.id, rule.created, rule.updated, rule.revision);
  json.close('}');
  return json.take();
}

Result<AlertRule> rule_of_body(const boost::json::object& body) {
  AlertRule rule;
  rule.metric_type = text_of(body, "metricType");
  rule.model_type = text_of(body, "modelType");
  rule.is_below = body.contains("below");
  if (rule.is_below == body.contains("above")) {
    return make_error(Errc::rule_broken, "An alert has one of below and above.", "below");
  }
  rule.threshold = body.at(rule.is_below ? "below" : "above").to_number<double>();
  rule.clear = body.contains("clear") ? body.at("clear").to_number<double>() : rule.threshold;
  rule.window = std::chrono::floor<std::chrono::seconds>(
      *config::yaml::parse_duration(text_of(body, "window")));
  if (const auto* webhook = body.if_contains("webhook")) {
    rule.webhook_url = text_of(webhook->as_object(), "url");
    rule.secret_ref = text_of(webhook->as_object(), "secretRef");
    const auto* allow = webhook->as_object().if_contains("allowPrivate");
    rule.allow_private = allow != nullptr && allow->as_bool();
  }
  if (const auto rules = registry::check_alert(rule); !rules) return rules.error();
  return rule;
}

Result<Change> decide_alert(const store::Catalog& catalog, const AdminContext& context,
                            AlertRule rule) {
  const auto known = registry::is_model_type(catalog, context.settings, rule.model_type);
  if (!known) return known.error();
  if (!*known) {
    return make_error(Errc::rule_broken, "modelType names a model type that is known.",
                      "modelType");
  }
  const auto may =
      registry::check_secret_allowed(rule.secret_ref, rule.webhook_url, context.settings);
  if (!may) return make_error(Errc::rule_broken, may.error().message, "webhook.secretRef");
  const auto standing = registry::standing_alerts(catalog);
  if (!standing) return standing.error();
  if (standing->size() >= registry::kMaxAlerts) {
    return make_error(Errc::rule_broken, "At most " + std::to_string(registry::kMaxAlerts) +
                                             " alerts can stand: delete one first.");
  }
  rule.id = to_string(context.make_id());
  rule.state.since = rule.created = rule.updated = context.now;
  rule.revision = 1;
  store::DocumentWrite write;
  write.kind = registry::kAlertKind;
  write.id = rule.id;
  write.body = registry::to_body(rule);
  write.index_keys = registry::index_keys_of(rule);
  write.expected_revision = 0;
  Change change;
  change.writes.push_back(std::move(write));
  change.action = "create";
  change.status = 201;
  change.body = render(rule);
  change.revision = 1;
  return change;
}

Result<Change> decide_deletion(const store::Catalog& catalog, const AdminRequest& request,
                               const std::string& id) {
  const auto document = catalog.find(registry::kAlertKind, id);
  if (!document) return document.error();
  if (const auto same = check_if_match(request, document->revision); !same) return same.error();
  store::DocumentWrite write;
  write.kind = registry::kAlertKind;
  write.id = id;
  write.expected_revision = document->revision;
  JsonText json;
  json.open('{');
  json.add("id", id);
  json.add("deleted", true);
  json.close('}');
  Change change;
  change.writes.push_back(std::move(write));
  change.action = "delete";
  change.body = json.take();
  return change;
}

Result<std::string> render_document(const store::Document& document) {
  const auto rule = registry::alert_of(document);
  if (!rule) return rule.error();
  return render(*rule);
}

Result<store::DocumentPage> page_of(const AdminRequest& request, const AdminContext& context) {
  const auto catalog = catalog_of(context);
  if (!catalog) return catalog.error();
  const auto query = Query::parse(request.head.query, kListQuery);
  if (!query) return query.error();
  auto asked = document_query(registry::kAlertKind, *query);
  if (!asked) return asked.error();
  for (const std::string name : {"modelType", "metricType", "state"}) {
    const std::string value(query->value_of(name));
    if (value.empty()) continue;
    if (name == "state" && value != "quiet" && value != "fired") {
      return make_error(Errc::invalid_parameter, "state is quiet or fired.", "state");
    }
    asked->index_keys.push_back(name + "=" + value);
  }
  return (*catalog)->list(*asked);
}

}  // namespace

AdminResponse create_alert(const AdminRequest& request, std::string_view,
                           const AdminContext& context) {
  const auto body = read_body(request, kNewAlert);
  if (!body) return error_answer(request, body.error());
  const auto rule = rule_of_body(*body);
  if (!rule) return error_answer(request, rule.error());
  return answer_write(request, context, [&](const store::Catalog& catalog) {
    return decide_alert(catalog, context, *rule);
  });
}

AdminResponse list_alerts(const AdminRequest& request, std::string_view,
                          const AdminContext& context) {
  return page_answer(request, page_of(request, context), render_document);
}

AdminResponse answer_alert(const AdminRequest& request, std::string_view id,
                           const AdminContext& context) {
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  const auto document = (*catalog)->find(registry::kAlertKind, id);
  if (!document) return error_answer(request, document.error());
  auto text = render_document(*document);
  if (!text) return error_answer(request, text.error());
  return document_answer(std::move(*text), document->revision);
}

AdminResponse delete_alert(const AdminRequest& request, std::string_view id,
                           const AdminContext& context) {
  return answer_write(request, context, [&](const store::Catalog& catalog) {
    return decide_deletion(catalog, request, std::string(id));
  });
}

std::span<const AdminRoute> alert_routes() { return kRoutes; }

std::string render_alert_event(const registry::AlertStep& step) {
  JsonText json;
  json.open('{');
  json.add("alertId", step.rule.id);
  json.add("metricType", step.rule.metric_type);
  json.add("modelType", step.rule.model_type);
  add_threshold(json, step.rule);
  add_value(json, step.rule.state);
  json.close('}');
  return json.take();
}

}  // namespace tallygate::api
