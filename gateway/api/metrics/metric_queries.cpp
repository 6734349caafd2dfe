#include "gateway/api/metrics/metric_queries.h"

#include "gateway/api/shapes/timestamps.h"

namespace tallygate::api {
namespace {

constexpr std::uint32_t kBatch = 200;
constexpr std::size_t kMostLookedAt = 5000;

Error wrong(std::string message, std::string param) {
  return make_error(Errc::invalid_parameter, std::move(message), std::move(param));
}

Result<std::optional<WallTime>> moment(const Query& query, const char* name, WallTime now) {
  const std::string_view text = query.value_of(name);
  if (text.empty()) return std::optional<WallTime>();
  const auto time = parse_moment(text, now);
  if (time) return time;
  return wrong(std::string(name) +
                   " is a time such as 2026-11-21T08:00:00Z, or 7d for that long "
                   "ago.",
               name);
}

store::DocumentQuery query_of(const MetricFilter& filter) {
  store::DocumentQuery query;
  query.kind = registry::kMetricKind;
  query.limit = kBatch;
  if (!filter.model_version_id.empty() && !filter.type.empty()) {
    query.index_keys.push_back(registry::series_key(filter.model_version_id, filter.type));
  } else if (!filter.model_version_id.empty()) {
    query.index_keys.push_back("modelVersionId=" + filter.model_version_id);
  } else if (!filter.type.empty()) {
    query.index_keys.push_back("metricType=" + filter.type);
  }
  if (filter.period) {
    query.index_keys.push_back("period=" + std::string(to_string(*filter.period)));
  }
  if (filter.dataset) {
    query.index_keys.push_back("dataset=" + std::string(to_string(*filter.dataset)));
  }
  return query;
}

bool is_within(const registry::Metric& metric, const MetricFilter& filter) {
  return (!filter.from || metric.recorded_at >= *filter.from) &&
         (!filter.to || metric.recorded_at < *filter.to);
}

}  // namespace

Result<MetricFilter> parse_metric_filter(const Query& query, WallTime now) {
  MetricFilter filter;
  filter.model_version_id = query.value_of("modelVersionId");
  filter.type = query.value_of("metricType");
  if (const auto text = query.value_of("period"); !text.empty()) {
    filter.period = registry::parse_period(text);
    if (!filter.period) return wrong("period is daily, weekly, monthly or one-time.", "period");
  }
  if (const auto text = query.value_of("dataset"); !text.empty()) {
    filter.dataset = registry::parse_dataset(text);
    if (!filter.dataset) {
      return wrong("dataset is training, validation, test or production.", "dataset");
    }
  }
  const auto from = moment(query, "from", now);
  if (!from) return from.error();
  const auto to = moment(query, "to", now);
  if (!to) return to.error();
  filter.from = *from;
  filter.to = *to;
  if (filter.from && filter.to && *filter.to <= *filter.from) {
    return wrong("to is later than from.", "to");
  }
  return filter;
}

Result<MetricPage> list_metrics(const store::Catalog& catalog, const MetricFilter& filter,
                                std::uint32_t limit, const std::string& after) {
  MetricPage page;
  page.last_id = after;
  store::DocumentQuery query = query_of(filter);
  for (std::size_t looked_at = 0;;) {
    query.after = page.last_id;
    const auto batch = catalog.list(query);
    if (!batch) return batch.error();
    for (const store::Document& document : batch->documents) {
      auto metric = registry::metric_of(document);
      if (!metric) return metric.error();
      const bool fits = is_within(*metric, filter);
      if ((fits && page.metrics.size() == limit) || looked_at == kMostLookedAt) {
        page.has_more = true;
        return page;
      }
      ++looked_at;
      page.last_id = document.id;
      if (fits) page.metrics.push_back(std::move(*metric));
    }
    if (!batch->has_more) return page;
  }
}

}  // namespace tallygate::api
