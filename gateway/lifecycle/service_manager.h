#pragma once
// What a service manager is told (sd_notify(3)): a datagram to the socket in NOTIFY_SOCKET. Without
// one nothing happens.

#include <string_view>

namespace tallygate::lifecycle {

/// This process serves, and is the service's main process: another one may have started it.
void tell_ready_to_manager();
void tell_stopping_to_manager();

/// One message to `socket_path`, "@..." for an abstract one. False: it did not go.
bool notify(std::string_view socket_path, std::string_view message);

}  // namespace tallygate::lifecycle
