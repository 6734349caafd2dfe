#pragma once
// The tests that the configuration file declares live in the catalog too, so that their tables,
// epochs and stages outlive a restart and both origins share one engine. The file says what they
// are; here the stored ones follow it. Pure.

#include <span>
#include <vector>

#include "config/settings.h"
#include "gateway/registry/experiments/ab_test.h"

namespace tallygate::registry {

/// The tests that have to be written, in one transaction, at start and after each reload; empty
/// when all follow the file already. A new split is a new epoch. One that is not declared any more
/// is cancelled. One that was ended by its criteria stays so: it needs a new name to run again. A
/// test that starts makes those of the API on its route give way.
std::vector<AbTest> follow_config(const config::Settings& settings, std::span<const AbTest> stored,
                                  WallTime now);

}  // namespace tallygate::registry
