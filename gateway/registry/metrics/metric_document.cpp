#include "gateway/registry/metrics/metric_document.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "store/catalog/stored_json.h"

namespace tallygate::registry {
namespace {

namespace json = boost::json;
using store::count_of;
using store::number_of;
using store::read_stored;
using store::text_of;
using store::time_of;

constexpr std::array<std::string_view, 10> kRatios{"accuracy",
                                                   "precision",
                                                   "recall",
                                                   "f1_score",
                                                   "false_positive_rate",
                                                   "false_negative_rate",
                                                   "error_rate",
                                                   "auc",
                                                   "roc_auc",
                                                   "specificity"};

bool is_metric_type(std::string_view type) {
  return !type.empty() && type.size() <= kMaxMetricTypeBytes &&
         std::all_of(type.begin(), type.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
                  c == '-';
         });
}

Error broken(std::string message, std::string param) {
  return make_error(Errc::rule_broken, std::move(message), std::move(param));
}

}  // namespace

std::string_view to_string(Dataset dataset) {
  switch (dataset) {
    case Dataset::training: return "training";
    case Dataset::validation: return "validation";
    case Dataset::test: return "test";
    case Dataset::production: return "production";
  }
  return "";
}

std::optional<Dataset> parse_dataset(std::string_view text) {
  for (const Dataset dataset :
       {Dataset::training, Dataset::validation, Dataset::test, Dataset::production}) {
    if (text == to_string(dataset)) return dataset;
  }
  return std::nullopt;
}

bool is_ratio(std::string_view type) {
  return std::find(kRatios.begin(), kRatios.end(), type) != kRatios.end();
}

Result<void> check_metric(const Metric& metric, WallTime now) {
  if (!is_metric_type(metric.type)) {
    return broken("metricType is 1 to " + std::to_string(kMaxMetricTypeBytes) +
                      " lower-case letters, digits, '_', '.' and '-', such as f1_score.",
                  "metricType");
  }
  if (!std::isfinite(metric.value)) {
    return broken("metricValue is a finite number.", "metricValue");
  }
  if (is_ratio(metric.type) && (metric.value < 0 || metric.value > 1)) {
    return broken(metric.type + " is a ratio: metricValue is from 0 to 1 (93 % is 0.93).",
                  "metricValue");
  }
  if (metric.recorded_at > now + kMaxMetricLead) {
    return broken("recordedAt must not be in the future (5 minutes are forgiven).", "recordedAt");
  }
  return {};
}

std::string to_body(const Metric& metric) {
  return json::serialize(json::object{
      {"modelVersionId", metric.model_version_id},
      {"metricType", metric.type},
      {"metricValue", metric.value},
      {"dataset", to_string(metric.dataset)},
      {"period", to_string(metric.period)},
      {"notes", metric.notes},
      {"recordedAt", micros_since_epoch(metric.recorded_at)},
      {"measuredAt", micros_since_epoch(metric.measured_at)},
      {"samples", metric.samples},
  });
}

Result<Metric> metric_of(const store::Document& document) {
  return read_stored<Metric>(document, [&](const json::object& body) {
    Metric metric;
    metric.id = document.id;
    metric.model_version_id = text_of(body, "modelVersionId");
    metric.type = text_of(body, "metricType");
    metric.value = number_of(body, "metricValue");
    metric.dataset = parse_dataset(text_of(body, "dataset")).value();
    metric.period = parse_period(text_of(body, "period")).value();
    metric.notes = text_of(body, "notes");
    metric.recorded_at = time_of(body, "recordedAt");
    metric.measured_at = time_of(body, "measuredAt");
    metric.samples = count_of(body, "samples");
    metric.revision = document.revision;
    metric.created = document.created;
    metric.updated = document.updated;
    return metric;
  });
}

std::vector<std::string> index_keys_of(const Metric& metric) {
  return {"modelVersionId=" + metric.model_version_id, "metricType=" + metric.type,
          "period=" + std::string(to_string(metric.period)),
          "dataset=" + std::string(to_string(metric.dataset)),
          series_key(metric.model_version_id, metric.type)};
}

std::string series_key(std::string_view model_version_id, std::string_view type) {
  return "series=" + std::string(model_version_id) + "/" + std::string(type);
}

}  // namespace tallygate::registry
