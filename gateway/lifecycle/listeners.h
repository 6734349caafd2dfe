#pragma once
// The listening sockets a gate starts with: inherited from systemd, handed over by the gate before,
// or bound anew. Called before there are threads.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/settings.h"

namespace tallygate::lifecycle {

/// Listening sockets, owned by whoever holds the struct. More than one for data if workers share a
/// port by SO_REUSEPORT.
struct Listeners {
  std::vector<int> data;
  std::vector<int> admin;  ///< one, or none
};

/// What systemd says in LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES.
struct Activation {
  int first = 3;
  std::vector<std::string> names;  ///< one for each descriptor from `first` on; "" = not named
};

/// Pure. nullopt: the variables are absent or meant for another process. config_invalid: they make
/// no sense.
Result<std::optional<Activation>> parse_activation(const char* pid, const char* count,
                                                   const char* names, int own_pid);

/// What each inherited socket is for: by its name "data" or "admin", or else by its port (0 = not
/// known), or else the first is for data and the second for admin. Pure. config_invalid: a name
/// that is neither, no socket for data, or two for admin.
Result<Listeners> sort_sockets(const Activation& activation,
                               const std::map<int, std::uint16_t>& ports,
                               const config::Listeners& settings);

/// Takes systemd's sockets out of the environment; both empty if there are none.
Result<Listeners> inherited_listeners(const config::Listeners& settings);

/// Keeps of `offered` what listens where `settings` say and closes the rest.
Listeners keep_matching(const Listeners& offered, const config::Listeners& settings);

void close_all(const Listeners& listeners);

/// Binds what is missing in `listeners`; `workers` sockets for data, on one port.
Result<void> bind_missing(const config::Listeners& settings, std::uint32_t workers,
                          Listeners& listeners);

/// Which of `data` each worker accepts from: every socket is someone's, every worker has one. Fewer
/// sockets than workers: some are shared, by descriptors of their own.
std::vector<std::vector<int>> spread(const std::vector<int>& data, std::uint32_t workers);

}  // namespace tallygate::lifecycle
