#include "gateway/api/metrics/metrics_api.h"

#include <map>
#include <tuple>

#include "gateway/api/metrics/alerts.h"
#include "gateway/api/metrics/metric_queries.h"
#include "gateway/api/metrics/predictions.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/timestamps.h"
#include "gateway/api/writes.h"
#include "gateway/registry/known_versions.h"

namespace tallygate::api {
namespace {

using http::Method;
using registry::Metric;

constexpr std::size_t kMostCompared = 8;
constexpr std::uint32_t kMostPoints = 1000;  // of each version
constexpr int kDigits = 12;

constexpr std::string_view kDatasets[] = {"training", "validation", "test", "production"};
constexpr std::string_view kPeriods[] = {"daily", "weekly", "monthly", "one-time"};

constexpr Field kNewMetricFields[] = {
    {.name = "modelVersionId", .required = true, .min = 1, .max = 600},
    {.name = "metricType",
     .required = true,
     .note = "accuracy, precision, recall, f1_score, or any other name",
     .min = 1,
     .max = 64},
    {.name = "metricValue", .type = FieldType::number, .required = true},
    {.name = "dataset", .required = true, .one_of = kDatasets},
    {.name = "period", .note = "default one-time", .one_of = kPeriods},
    {.name = "notes", .max = 4000},
    {.name = "recordedAt", .type = FieldType::timestamp, .note = "default now"},
};
constexpr Fields kNewMetric{.name = "NewMetric", .fields = kNewMetricFields};

constexpr Field kMetricFields[] = {
    kIdField,
    {.name = "modelVersionId", .required = true},
    {.name = "metricType", .required = true},
    {.name = "metricValue", .type = FieldType::number, .required = true},
    {.name = "dataset", .required = true, .one_of = kDatasets},
    {.name = "period", .required = true, .one_of = kPeriods},
    {.name = "notes", .required = true},
    {.name = "recordedAt", .type = FieldType::timestamp, .required = true},
    {.name = "samples",
     .type = FieldType::integer,
     .required = true,
     .note = "outcomes behind a computed figure; null = entered",
     .nullable = true},
    kCreatedField,
    kUpdatedField,
    kRevisionField,
};
constexpr Fields kMetric{.name = "Metric", .fields = kMetricFields};
constexpr Fields kMetricPage{.name = "Metric", .fields = kMetricFields, .is_page = true};

constexpr Field kComparedFields[] = {
    {.name = "modelVersionId", .required = true},
    {.name = "modelType", .required = true},
    {.name = "version", .required = true},
    {.name = "points", .type = FieldType::integer, .required = true},
    {.name = "latest", .type = FieldType::number, .required = true, .nullable = true},
};
constexpr Field kRowFields[] = {
    {.name = "recordedAt", .type = FieldType::timestamp, .required = true},
    {.name = "period", .required = true},
    {.name = "dataset", .required = true},
    {.name = "values",
     .type = FieldType::array,
     .required = true,
     .note = "in the order of versions; null = not measured"},
};
constexpr Field kComparisonFields[] = {
    {.name = "metricType", .required = true},
    {.name = "versions", .type = FieldType::array, .required = true, .members = kComparedFields},
    {.name = "rows", .type = FieldType::array, .required = true, .members = kRowFields},
    {.name = "truncated", .type = FieldType::boolean, .required = true},
};
constexpr Fields kComparison{.name = "MetricComparison", .fields = kComparisonFields};

constexpr std::string_view kListQuery[] = {"modelVersionId", "metricType", "period", "dataset",
                                           "from",           "to",         "limit",  "cursor"};
constexpr std::string_view kCompareQuery[] = {"versions", "metricType", "period",
                                              "dataset",  "from",       "to"};

constexpr AdminRoute kRoutes[] = {
    {.method = Method::post,
     .path = "/api/admin/llm-models/metrics",
     .answer = create_metric,
     .summary = "Enters a figure of a model version.",
     .request = &kNewMetric,
     .result = &kMetric,
     .status = 201},
    {.path = "/api/admin/llm-models/metrics",
     .answer = list_metrics,
     .summary = "Figures of model versions, newest first.",
     .role = Role::viewer,
     .query = kListQuery,
     .result = &kMetricPage},
    {.path = "/api/admin/llm-models/metrics/compare",
     .answer = compare_metrics,
     .summary = "The series of several versions side by side.",
     .role = Role::viewer,
     .query = kCompareQuery,
     .result = &kComparison},
};

std::string text_of(const boost::json::object& body, std::string_view name) {
  const auto* value = body.if_contains({name.data(), name.size()});
  return value == nullptr ? std::string() : std::string(value->as_string());
}

Metric metric_of_body(const boost::json::object& body, WallTime now) {
  Metric metric;
  metric.model_version_id = text_of(body, "modelVersionId");
  metric.type = text_of(body, "metricType");
  metric.value = body.at("metricValue").to_number<double>();
  metric.dataset = *registry::parse_dataset(text_of(body, "dataset"));
  if (body.contains("period")) metric.period = *registry::parse_period(text_of(body, "period"));
  metric.notes = text_of(body, "notes");
  metric.recorded_at =
      body.contains("recordedAt") ? *parse_rfc3339(text_of(body, "recordedAt")) : now;
  metric.measured_at = metric.recorded_at;
  metric.created = metric.updated = now;
  metric.revision = 1;
  return metric;
}

std::string render(const Metric& metric) {
  JsonText json;
  json.open('{');
  json.add("modelVersionId", metric.model_version_id);
  json.add("metricType", metric.type);
  json.add_raw("metricValue", number_text(metric.value, kDigits));
  json.add("dataset", to_string(metric.dataset));
  json.add("period", to_string(metric.period));
  json.add("notes", metric.notes);
  json.add("recordedAt", render_rfc3339(metric.recorded_at));
  json.add_raw("samples", metric.samples == 0 ? "null" : std::to_string(metric.samples));
  add_document_fields(json, metric.id, metric.created, metric.updated, metric.revision);
  json.close('}');
  return json.take();
}

Result<Change> decide_metric(const store::Catalog& catalog, const AdminContext& context,
                             Metric metric) {
  if (const auto rules = registry::check_metric(metric, context.now); !rules) return rules.error();
  const auto version = registry::version_by_id(catalog, context.settings, metric.model_version_id);
  if (!version) return version.error();
  if (!*version) {
    return make_error(Errc::rule_broken,
                      "modelVersionId names a version that is known: there is no such.",
                      "modelVersionId");
  }
  metric.id = to_string(context.make_id());
  Change change;
  store::DocumentWrite write;
  write.kind = registry::kMetricKind;
  write.id = metric.id;
  write.body = registry::to_body(metric);
  write.index_keys = registry::index_keys_of(metric);
  write.expected_revision = 0;
  change.writes.push_back(std::move(write));
  change.action = "create";
  change.status = 201;
  change.body = render(metric);
  change.revision = 1;
  return change;
}

Error wrong_versions(const std::string& why) {
  return make_error(Errc::invalid_parameter,
                    "versions is 2 to " + std::to_string(kMostCompared) +
                        " ids of model versions with commas between them: " + why + ".",
                    "versions");
}

Result<std::vector<std::string>> parse_versions(std::string_view text) {
  std::vector<std::string> ids;
  while (!text.empty()) {
    const std::string id(text.substr(0, text.find(',')));
    text.remove_prefix(std::min(id.size() + 1, text.size()));
    if (id.empty()) return wrong_versions("one is empty");
    for (const std::string& other : ids) {
      if (other == id) return wrong_versions(id + " is there twice");
    }
    ids.push_back(id);
    if (ids.size() > kMostCompared) return wrong_versions("there are more");
  }
  if (ids.size() < 2) return wrong_versions("there are fewer");
  return ids;
}

struct Comparison {
  using Key = std::tuple<WallTime, registry::Period, registry::Dataset>;
  std::string type;
  std::vector<registry::ModelVersion> versions;
  std::vector<std::size_t> points;
  std::vector<const Metric*> latest;
  std::vector<MetricPage> pages;
  std::map<Key, std::vector<const Metric*>> rows;
};

void add_series(Comparison& comparison, std::size_t number) {
  const Metric*& latest = comparison.latest[number];
  for (const Metric& metric : comparison.pages[number].metrics) {
    auto& row = comparison.rows[{metric.recorded_at, metric.period, metric.dataset}];
    row.resize(comparison.versions.size());
    if (row[number] != nullptr) continue;  // entered again: the newest came first
    row[number] = &metric;
    ++comparison.points[number];
    if (latest == nullptr || metric.recorded_at > latest->recorded_at) latest = &metric;
  }
}

std::string value_text(const Metric* metric) {
  return metric == nullptr ? "null" : number_text(metric->value, kDigits);
}

std::string render(const Comparison& comparison) {
  JsonText json;
  bool truncated = false;
  json.open('{');
  json.add("metricType", comparison.type);
  json.open("versions", '[');
  for (std::size_t i = 0; i < comparison.versions.size(); ++i) {
    const registry::ModelVersion& version = comparison.versions[i];
    json.open('{');
    json.add("modelVersionId", version.id);
    json.add("modelType", version.model_type);
    json.add("version", version.version);
    json.add("points", std::uint64_t{comparison.points[i]});
    json.add_raw("latest", value_text(comparison.latest[i]));
    json.close('}');
    truncated = truncated || comparison.pages[i].has_more;
  }
  json.close(']');
  json.open("rows", '[');
  for (const auto& [key, row] : comparison.rows) {
    json.open('{');
    json.add("recordedAt", render_rfc3339(std::get<0>(key)));
    json.add("period", to_string(std::get<1>(key)));
    json.add("dataset", to_string(std::get<2>(key)));
    json.open("values", '[');
    for (const Metric* metric : row) json.add_raw(value_text(metric));
    json.close(']');
    json.close('}');
  }
  json.close(']');
  json.add("truncated", truncated);
  json.close('}');
  return json.take();
}

Result<std::string> compare(const AdminRequest& request, const AdminContext& context) {
  const auto catalog = catalog_of(context);
  if (!catalog) return catalog.error();
  const auto query = Query::parse(request.head.query, kCompareQuery);
  if (!query) return query.error();
  auto filter = parse_metric_filter(*query, context.now);
  if (!filter) return filter.error();
  if (filter->type.empty()) {
    return make_error(Errc::missing_parameter, "metricType is missing.", "metricType");
  }
  const auto ids = parse_versions(query->value_of("versions"));
  if (!ids) return ids.error();
  Comparison comparison;
  comparison.type = filter->type;
  for (const std::string& id : *ids) {
    auto version = registry::version_by_id(**catalog, context.settings, id);
    if (!version) return version.error();
    if (!*version) {
      return make_error(Errc::not_found, "There is no model version " + id + ".", "versions");
    }
    filter->model_version_id = id;
    auto page = list_metrics(**catalog, *filter, kMostPoints, {});
    if (!page) return page.error();
    comparison.versions.push_back(std::move(**version));
    comparison.pages.push_back(std::move(*page));
  }
  comparison.points.resize(ids->size());
  comparison.latest.resize(ids->size());
  for (std::size_t i = 0; i < ids->size(); ++i) add_series(comparison, i);
  return render(comparison);
}

Result<std::string> list(const AdminRequest& request, const AdminContext& context) {
  const auto catalog = catalog_of(context);
  if (!catalog) return catalog.error();
  const auto query = Query::parse(request.head.query, kListQuery);
  if (!query) return query.error();
  const auto filter = parse_metric_filter(*query, context.now);
  if (!filter) return filter.error();
  const auto paging = parse_paging(*query);
  if (!paging) return paging.error();
  const auto page = list_metrics(**catalog, *filter, paging->limit, paging->after);
  if (!page) return page.error();
  std::vector<std::string> items;
  for (const Metric& metric : page->metrics) items.push_back(render(metric));
  return render_page(items, page->has_more, page->last_id);
}

AdminResponse answer_of(const AdminRequest& request, Result<std::string> body) {
  if (!body) return error_answer(request, body.error());
  return json_answer(std::move(*body));
}

}  // namespace

AdminResponse create_metric(const AdminRequest& request, std::string_view,
                            const AdminContext& context) {
  return answer_write(request, context, kNewMetric,
                      [&](const boost::json::object& body, const store::Catalog& catalog) {
                        return decide_metric(catalog, context, metric_of_body(body, context.now));
                      });
}

AdminResponse list_metrics(const AdminRequest& request, std::string_view,
                           const AdminContext& context) {
  return answer_of(request, list(request, context));
}

AdminResponse compare_metrics(const AdminRequest& request, std::string_view,
                              const AdminContext& context) {
  return answer_of(request, compare(request, context));
}

std::span<const AdminRoute> metric_routes() {
  static const std::vector<AdminRoute> all = [] {
    std::vector<AdminRoute> rows(std::begin(kRoutes), std::end(kRoutes));
    for (const auto family : {prediction_routes(), alert_routes()}) {
      rows.insert(rows.end(), family.begin(), family.end());
    }
    return rows;
  }();
  return all;
}

}  // namespace tallygate::api
