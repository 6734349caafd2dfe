#pragma once
// From the stored tests to what workers route by. Pure.

#include <span>

#include "gateway/registry/experiments/ab_test.h"
#include "router/experiment/running_test.h"

namespace tallygate::registry {

/// The active test of each route; where there is none, the paused one that did not give way.
router::RunningTests experiment_tables(std::span<const AbTest> tests);

}  // namespace tallygate::registry
