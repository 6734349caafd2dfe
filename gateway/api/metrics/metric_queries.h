#pragma once
// Which metrics a request asks for: its query's parameters, and the pages that they leave. Reads
// the catalog, which may block.

#include <optional>
#include <string>
#include <vector>

#include "gateway/api/shapes/query.h"
#include "gateway/registry/metrics/metric_document.h"

namespace tallygate::api {

struct MetricFilter {
  std::string model_version_id;  ///< empty = any, as for the type
  std::string type;
  std::optional<registry::Period> period;
  std::optional<registry::Dataset> dataset;
  std::optional<WallTime> from;  ///< recordedAt at or after
  std::optional<WallTime> to;    ///< recordedAt before
};

/// Reads modelVersionId, metricType, period, dataset, from and to (RFC 3339, or 7d for that long
/// ago). Errors: invalid_parameter.
Result<MetricFilter> parse_metric_filter(const Query& query, WallTime now);

struct MetricPage {
  std::vector<registry::Metric> metrics;  ///< newest first by id
  bool has_more = false;
  std::string last_id;  ///< the last one that was looked at
};
/// At most `limit`, from behind `after` on. A page is cut short when very many documents had to be
/// looked at; has_more then says to go on.
Result<MetricPage> list_metrics(const store::Catalog& catalog, const MetricFilter& filter,
                                std::uint32_t limit, const std::string& after);

}  // namespace tallygate::api
