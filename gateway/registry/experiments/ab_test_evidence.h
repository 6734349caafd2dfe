#pragma once
// From what was counted to what the statistics look at. Pure.

#include <span>
#include <vector>

#include "gateway/registry/experiments/ab_test.h"
#include "gateway/registry/metrics/custom_metric.h"
#include "router/experiment/rollout.h"
#include "router/statistics/analysis.h"
#include "store/journal/journal.h"
#include "store/tally/unit_counts.h"

namespace tallygate::registry {

/// What is known of a test's traffic.
struct AbTestCounts {
  store::TallySet tallies;  ///< TallyFilter: kind variant, experiment = NameId of record_name(test)
  store::UnitCounts units;
  std::vector<CustomMetric> custom;
};

/// All that was counted for an arm, over its epochs.
router::Tally arm_tally(const AbTestCounts& counts, std::uint8_t arm);

router::Evidence evidence_of(const AbTest& test, const AbTestCounts& counts, WallTime now);

/// For tick(): the analysis of all epochs, and the requests of the current one.
/// `srm_p` is that of the look before (1 at first), and afterwards of this one.
router::Look look_at(const AbTest& test, const AbTestCounts& counts, WallTime now, double& srm_p);

}  // namespace tallygate::registry
