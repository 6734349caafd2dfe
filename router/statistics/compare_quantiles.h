#pragma once
// How much faster the typical and the slow requests of an arm are: its median and its 95th
// percentile against control's, from sketches. Reference experiments.md 4.4, valid at every look.
// Epochs are strata: what is asked is by which ratio (and by how many milliseconds) the treatment
// differs in all of them. Counts are shrunk by the design effect of the metric's mean, since the
// requests of one user resemble each other. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "router/statistics/compare.h"
#include "router/statistics/evidence.h"

namespace tallygate::router {

/// One quantile of one metric of one arm against control. Signs as measured: treatment - control.
struct QuantileComparison {
  std::string metric;  ///< kLatency or kFirstToken
  double level = 0;    ///< in (0, 1): 0.95 = the slowest request of twenty
  std::string arm;
  std::string control;
  double control_value = 0;  ///< milliseconds; epochs weighted by their requests
  double value = 0;
  std::optional<Estimate> absolute;  ///< milliseconds; nullopt = too few for both bounds
  std::optional<Estimate> relative;
  double p = 1;  ///< of "no difference", at most this at any look
  Verdict verdict = Verdict::undecided;
  std::string sentence;
};

QuantileComparison compare_quantile(std::string_view metric, double level,
                                    const ArmEvidence& control, const ArmEvidence& treatment,
                                    const Confidence& confidence = {});

/// p50 and p95 of latency and time to first token, of each arm but control, where both were
/// measured.
std::vector<QuantileComparison> compare_quantiles(const Evidence& evidence);

}  // namespace tallygate::router
