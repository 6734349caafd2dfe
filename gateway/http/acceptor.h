#pragma once
// Accepts connections for one worker and starts a session for each.

#include <sys/socket.h>

#include <string>

#include "base/result.h"
#include "gateway/http/loop/parking.h"
#include "gateway/http/loop/task.h"

namespace tallygate {
class Worker;
}

namespace tallygate::http {

/// Until the worker drains. Takes over `listener`, which other workers and processes may share. Out
/// of descriptors: pauses, longer each time. Over a limit of connections: a canned 503 or 429.
Task<void> accept_loop(Worker& worker, Parking& parking, int listener);

/// SO_REUSEPORT lets all workers listen on one port, and would let a second gate do so unnoticed:
/// the app first listens exclusively for a moment.
enum class Sharing : std::uint8_t { exclusive, between_workers };

/// A bound, listening, non-blocking socket. Port 0 picks one; see port_of().
Result<int> listen_on(const std::string& address, std::uint16_t port, Sharing sharing);
std::uint16_t port_of(int listener);
/// "127.0.0.1" or "::1" of a bound or connected address.
std::string text_of(const sockaddr_storage& address);
/// As text_of() writes it; empty if it is not an IP address.
std::string canonical_address(const std::string& address);

}  // namespace tallygate::http
