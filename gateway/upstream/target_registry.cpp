#include "gateway/upstream/target_registry.h"

#include "config/load.h"

namespace tallygate {
namespace {

/// Empty also when it cannot be read: nothing better is to be had then.
std::string authorities_of(const config::Target& target) {
  if (target.ca_file.empty()) return {};
  return config::read_text(target.ca_file).value_or("");
}

}  // namespace

Result<std::vector<std::shared_ptr<const UpstreamTarget>>> TargetRegistry::prepare(
    const config::Settings& settings, std::uint32_t connection_limit) {
  std::map<std::string, std::shared_ptr<const UpstreamTarget>> next;
  std::map<std::string, std::string> authorities;
  router::TargetSlot next_slot = next_slot_;
  for (const auto& [name, target] : settings.targets) {
    const auto known = current_.find(name);
    std::string text = authorities_of(target);
    const bool same = known != current_.end() && known->second->settings == target;
    if (same && (text.empty() || text == authorities_[name])) {
      next[name] = known->second;
      authorities[name] = authorities_[name];
      continue;
    }
    health_.ensure(next_slot);
    auto made = make_upstream_target(name, target, next_slot, connection_limit, names_);
    if (made.has_error() && same) {  // its new CA file is of no use
      next[name] = known->second;
      authorities[name] = authorities_[name];
      continue;
    }
    if (made.has_error()) return made.error();
    next[name] = *made;
    authorities[name] = std::move(text);
    ++next_slot;
  }
  next_slot_ = next_slot;
  current_ = std::move(next);
  authorities_ = std::move(authorities);
  std::vector<std::shared_ptr<const UpstreamTarget>> by_slot(next_slot_);
  for (const auto& [name, target] : current_) by_slot[target->slot] = target;
  return by_slot;
}

}  // namespace tallygate
