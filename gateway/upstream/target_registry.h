#pragma once
// Gives every upstream a process-stable slot: the same name with the same settings keeps its slot
// across reloads, and with it its health and connections; changed settings, or another
// text of ca_file, get a new one. Control thread only.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/upstream/health_board.h"
#include "gateway/upstream/upstream_target.h"

namespace tallygate {

class TargetRegistry {
 public:
  TargetRegistry(HealthBoard& health, store::Names& names) : health_(health), names_(names) {}

  /// All targets of `settings`, by slot (null for slots of others). Errors name the target.
  Result<std::vector<std::shared_ptr<const UpstreamTarget>>> prepare(
      const config::Settings& settings, std::uint32_t connection_limit);

  /// Valid for targets of the last successful prepare().
  router::TargetSlot slot_of(const std::string& name) const { return current_.at(name)->slot; }
  const std::map<std::string, std::shared_ptr<const UpstreamTarget>>& current() const {
    return current_;
  }

 private:
  HealthBoard& health_;
  store::Names& names_;
  std::map<std::string, std::shared_ptr<const UpstreamTarget>> current_;
  std::map<std::string, std::string> authorities_;  ///< text of each ca_file when it was last used
  router::TargetSlot next_slot_ = 0;
};

}  // namespace tallygate
