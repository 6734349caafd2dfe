#pragma once
// A measured figure of a model version (kind "metric"): entered by people and pipelines, or kept up
// to date from predictions and their outcomes. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/registry/metrics/metric_calendar.h"
#include "store/catalog/catalog.h"

namespace tallygate::registry {

inline constexpr std::string_view kMetricKind = "metric";
inline constexpr std::size_t kMaxMetricTypeBytes = 64;
/// Clocks differ: this far ahead of ours is not yet the future.
inline constexpr std::chrono::minutes kMaxMetricLead{5};

enum class Dataset : std::uint8_t { training, validation, test, production };
std::string_view to_string(Dataset dataset);
std::optional<Dataset> parse_dataset(std::string_view text);

struct Metric {
  std::string id;
  std::string model_version_id;
  std::string type;  ///< "accuracy", "f1_score", or any other name
  double value = 0;
  Dataset dataset = Dataset::validation;
  Period period = Period::one_time;
  std::string notes;
  WallTime recorded_at{};      ///< what time the figure is of; of a computed one its period's start
  WallTime measured_at{};      ///< when it last changed; as recorded_at where it never does
  std::uint64_t samples = 0;   ///< outcomes behind a computed figure; 0 = entered
  std::uint64_t revision = 0;  ///< the document's own from here on
  WallTime created{};
  WallTime updated{};
};

/// Is the figure a share, which is within 0 and 1? By its name: accuracy, precision, recall, ...
bool is_ratio(std::string_view type);

/// Errors: rule_broken, naming the rule and the field.
Result<void> check_metric(const Metric& metric, WallTime now);

std::string to_body(const Metric& metric);
/// Errors: storage_corrupt.
Result<Metric> metric_of(const store::Document& document);

/// "modelVersionId=..", "metricType=..", "period=..", "dataset=.." and the first two together.
std::vector<std::string> index_keys_of(const Metric& metric);
std::string series_key(std::string_view model_version_id, std::string_view type);

}  // namespace tallygate::registry
