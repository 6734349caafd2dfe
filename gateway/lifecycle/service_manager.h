#pragma once
// What a service manager is told (sd_notify(3)): a datagram to the socket in NOTIFY_SOCKET. Without
// one nothing happens. Any thread.

#include <chrono>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace tallygate::lifecycle {

/// This process serves, and is the service's main process: another one may have started it.
void tell_ready_to_manager();
/// `now` tells it apart from a reload before; tell_ready_to_manager() ends it, whatever came of it.
void tell_reloading_to_manager(SteadyTime now);
void tell_stopping_to_manager();
/// Due within each watchdog_period().
void tell_alive_to_manager();

/// How long the manager waits for tell_alive_to_manager() before it takes this process for hung:
/// `text` is that of WATCHDOG_USEC, null = it is not set. nullopt: it does not watch. Pure.
std::optional<std::chrono::microseconds> parse_watchdog_period(const char* text);
/// Of the environment. WATCHDOG_PID is not looked at: it names the process that the manager
/// started, and a gate that has taken over from that one is its main process all the same.
std::optional<std::chrono::microseconds> watchdog_period();

/// One message to `socket_path`, "@..." for an abstract one. False: it did not go.
bool notify(std::string_view socket_path, std::string_view message);

}  // namespace tallygate::lifecycle
