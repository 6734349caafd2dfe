#pragma once
// The running counts of one version in one calendar period (kind "prediction_counts"), and the
// production metrics that follow from them. Counts and metrics are written together with the
// prediction or outcome that changes them, so nothing is counted twice or lost. Pure.

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "gateway/registry/metrics/metric_document.h"
#include "gateway/registry/predictions/prediction_document.h"
#include "store/catalog/catalog.h"

namespace tallygate::registry {

inline constexpr std::string_view kPredictionCountsKind = "prediction_counts";

struct PredictionCounts {
  std::string model_version_id;
  Period period = Period::daily;
  WallTime begin{};
  Confusion confusion;
  std::map<std::string, std::string> metric_ids;  ///< of the metrics that exist, by type
  std::uint64_t revision = 0;                     ///< 0 = not stored yet
};

/// "VERSION/daily/2026-11-21".
std::string counts_id(std::string_view model_version_id, Period period, WallTime begin);

/// One for each period that `changes` touch, all of them empty.
std::map<std::string, PredictionCounts> counts_touched(const std::vector<CountChange>& changes);

/// Errors: those of count() and uncount(); `counts` is then to be thrown away.
Result<void> apply_changes(const std::vector<CountChange>& changes,
                           std::map<std::string, PredictionCounts>& counts);

/// The writes of `counts` and its metrics: those that are known are created or replaced, those
/// that are no longer known deleted. `make_id` names new ones; `counts` learns of them.
std::vector<store::DocumentWrite> writes_of(PredictionCounts& counts, WallTime now,
                                            const std::function<std::string()>& make_id);

/// Errors: storage_corrupt.
Result<PredictionCounts> prediction_counts_of(const store::Document& document);

}  // namespace tallygate::registry
