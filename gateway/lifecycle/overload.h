#pragma once
// What is known of the whole process that makes its workers hold back. Any thread.

#include <atomic>
#include <cstdint>

#include "gateway/http/body_buffer.h"
#include "gateway/lifecycle/connections_per_address.h"

namespace tallygate::lifecycle {

/// Of memory. high: connections close after their answer; critical: requests are refused too, and
/// none are accepted.
enum class Pressure : std::uint8_t { none, high, critical };

/// 92 % of `cap` is high, 95 % critical; two points below, it is over again. Pure.
Pressure pressure_of(std::uint64_t resident_bytes, std::uint64_t cap_bytes, Pressure before);

/// What `limits.memory: auto` means: most of what the cgroup allows (0 = no limit), else of what
/// the machine has. Pure.
std::uint64_t automatic_memory_cap(std::uint64_t cgroup_bytes, std::uint64_t machine_bytes);

/// How much of `cap` (0 = none) request bodies may take. Many uploads at once are faster than any
/// look at the memory, so this is counted. Pure.
std::uint64_t body_room(std::uint64_t cap_bytes);

struct Overload {
  std::atomic<Pressure> memory{Pressure::none};
  ConnectionsPerAddress addresses;
  http::BodyRoom bodies;
};

}  // namespace tallygate::lifecycle
