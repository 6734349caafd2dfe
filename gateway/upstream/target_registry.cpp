#include "gateway/upstream/target_registry.h"

namespace tallygate {

Result<std::vector<std::shared_ptr<const UpstreamTarget>>> TargetRegistry::prepare(
    const config::Settings& settings, std::uint32_t connection_limit) {
  std::map<std::string, std::shared_ptr<const UpstreamTarget>> next;
  router::TargetSlot next_slot = next_slot_;
  for (const auto& [name, target] : settings.targets) {
    const auto known = current_.find(name);
    if (known != current_.end() && known->second->settings == target) {
      next[name] = known->second;
      continue;
    }
    health_.ensure(next_slot);
    auto made = make_upstream_target(name, target, next_slot, connection_limit, names_);
    if (made.has_error()) return made.error();
    next[name] = *made;
    ++next_slot;
  }
  next_slot_ = next_slot;
  current_ = std::move(next);
  std::vector<std::shared_ptr<const UpstreamTarget>> by_slot(next_slot_);
  for (const auto& [name, target] : current_) by_slot[target->slot] = target;
  return by_slot;
}

}  // namespace tallygate
