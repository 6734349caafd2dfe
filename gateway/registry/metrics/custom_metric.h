#pragma once
// A figure of their own that applications report for a test, such as a rating or a conversion:
// running sums per epoch, arm and group of users, bounded however many values come. One document
// per test and metric (kind "ab_test_metric").

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "router/statistics/evidence.h"
#include "store/catalog/catalog.h"

namespace tallygate::registry {

inline constexpr std::string_view kCustomMetricKind = "ab_test_metric";
/// A test has at most so many metrics of its own, and each keeps the sums of so many epochs.
inline constexpr std::size_t kMaxCustomMetrics = 32;
inline constexpr std::size_t kMaxMetricEpochs = 16;
inline constexpr std::size_t kMetricGroups = 64;

struct CustomMetric {
  /// Of one epoch and arm.
  struct Sums {
    std::uint32_t epoch = 1;
    std::uint8_t arm = 0;
    router::MetricEvidence evidence;
    bool operator==(const Sums& other) const;
  };
  Uuid test;
  std::string name;
  std::vector<Sums> sums;  ///< newest epoch last
  std::uint64_t revision = 0;
};

/// 1 to 64 of a-z, A-Z, 0-9, '_', '-' and '.', and not the name of a metric that every test has.
bool is_custom_metric_name(std::string_view name);

/// The value of one unit; `unit_hash` is any hash of it (of the value's own id where there is no
/// unit). The sums of the oldest epoch go when there are too many.
void add_value(CustomMetric& metric, std::uint32_t epoch, std::uint8_t arm, std::uint64_t unit_hash,
               double value);

store::DocumentWrite write_of(const CustomMetric& metric);
/// Errors: storage_corrupt.
Result<CustomMetric> custom_metric_of(const store::Document& document);

/// Id of the document.
std::string custom_metric_id(const Uuid& test, std::string_view name);
/// All of a test's.
Result<std::vector<CustomMetric>> custom_metrics(const store::Catalog& catalog, const Uuid& test);

}  // namespace tallygate::registry
