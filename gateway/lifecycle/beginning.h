#pragma once
// What a gate begins with: its listening sockets and, if it takes over, the gate before it.

#include <optional>

#include "gateway/lifecycle/handover/predecessor.h"
#include "gateway/lifecycle/listeners.h"

namespace tallygate::lifecycle {

struct Beginning {
  Listeners listeners;
  std::optional<Predecessor> predecessor;  ///< it still has the store
};

/// Sockets come from systemd, else from the gate before, else they are bound. Errors:
/// config_invalid (a port is taken); storage_unavailable: a gate runs on the store, and `take_over`
/// is not set.
Result<Beginning> begin(const config::Settings& settings, std::uint32_t workers, bool take_over);

}  // namespace tallygate::lifecycle
