#pragma once
// What a version predicted against what came true, and the figures that follow from the counts.
// Pure, integers until the last division, so that taking back what was counted is exact.
//
// A yes/no prediction has the labels "true" and "false". If no other label occurs, "true" is the
// positive class and the figures are those of the 2x2 table:
//   accuracy (TP+TN)/n, precision TP/(TP+FP), recall TP/(TP+FN), f1_score 2TP/(2TP+FP+FN),
//   false_positive_rate FP/(FP+TN), false_negative_rate FN/(FN+TP).
// With other labels accuracy is the share that came true as predicted, and each of the others is
// the plain mean over the labels (macro average) of the figure with that label as the positive
// class against all others. A figure whose divisor is 0 is not known; the macro average leaves
// such labels out (scikit-learn's zero_division=nan).

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace tallygate::registry {

/// Distinct labels in one table, that is of one version in one calendar period.
inline constexpr std::size_t kMaxLabels = 32;
inline constexpr std::size_t kMaxLabelBytes = 64;

struct Confusion {
  /// By (predicted, actual); no cell is 0.
  std::map<std::pair<std::string, std::string>, std::uint64_t> cells;

  std::uint64_t total() const;
  bool operator==(const Confusion&) const = default;
};

/// Errors: rule_broken when it would be the label after the last of kMaxLabels.
Result<void> count(Confusion& confusion, const std::string& predicted, const std::string& actual);
/// Takes back what count() added. Errors: storage_corrupt when it never did.
Result<void> uncount(Confusion& confusion, const std::string& predicted, const std::string& actual);

struct Score {
  std::string_view metric;
  std::optional<double> value;  ///< nullopt = not known
};
/// In the order of the definitions above.
std::array<Score, 6> scores_of(const Confusion& confusion);

}  // namespace tallygate::registry
