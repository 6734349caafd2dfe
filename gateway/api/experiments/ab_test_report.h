#pragma once
// What an A/B test has shown so far: metrics per variant, distinct units, the analysis. Pure.

#include "gateway/api/shapes/json_text.h"
#include "gateway/registry/experiments/ab_test_evidence.h"

namespace tallygate::api {

/// Members `metrics`, `assignments` and `analysis` of form two. Latencies in milliseconds, cost in
/// USD; what nobody knows yet is null.
void add_report(JsonText& json, const registry::AbTest& test, const registry::AbTestCounts& counts,
                WallTime now);

}  // namespace tallygate::api
