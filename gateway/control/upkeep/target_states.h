#pragma once
// The health of every target that is routed to, for /metrics. Any thread.

#include <map>
#include <vector>

#include "gateway/telemetry/exposition.h"
#include "gateway/upstream/health_board.h"
#include "store/journal/names.h"

namespace tallygate {

/// Sorted by name; the texts are those of `names`.
std::vector<telemetry::TargetSample> target_states(
    const std::map<router::NameId, router::TargetSlot>& slots, const HealthBoard& health,
    const store::Names& names, SteadyTime now);

}  // namespace tallygate
