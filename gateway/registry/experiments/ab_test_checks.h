#pragma once
// The rules that the parts of an A/B test keep (api.md, sections 3 and 4). Pure. Errors:
// rule_broken, whose message is the rule.

#include <span>

#include "base/result.h"
#include "gateway/registry/experiments/ab_test.h"

namespace tallygate::registry {

inline constexpr std::size_t kMaxArms = 16;

/// Each share within 0 and 1, and all sum to 1.
Result<void> check_weights(std::span<const double> weights);

/// The arms' versions exist among `versions`, are active, differ and are of one model type, which
/// may be empty before. Puts control first and fills in what the versions say.
Result<void> check_arms(AbTest& test, std::span<const ModelVersion> versions);

/// The end lies ahead, and behind the start.
Result<void> check_dates(const AbTest& test, WallTime now);

}  // namespace tallygate::registry
