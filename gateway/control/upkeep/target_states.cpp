#include "gateway/control/upkeep/target_states.h"

#include <algorithm>

#include "gateway/api/models/blacklisting.h"

namespace tallygate {

std::vector<telemetry::TargetSample> target_states(
    const std::map<router::NameId, router::TargetSlot>& slots, const HealthBoard& health,
    const store::Names& names, SteadyTime now) {
  std::vector<telemetry::TargetSample> targets;
  targets.reserve(slots.size());
  for (const auto& [name, slot] : slots) {
    const auto standing = router::standing_of(health.state(slot), now);
    const bool is_fit = standing == router::Standing::fit;
    targets.push_back(
        {names.text(name), is_fit ? "open" : api::state_name(standing), health.refusals(slot)});
  }
  std::ranges::sort(targets, {}, &telemetry::TargetSample::name);
  return targets;
}

}  // namespace tallygate
