#pragma once
// What the operating system knows of this process. Reads /proc; control's pool, never a worker.

#include "config/settings.h"
#include "gateway/telemetry/exposition.h"

namespace tallygate {

/// Memory, descriptors and CPU time; the other members are the caller's.
telemetry::ProcessSample sample_process();

/// The soft descriptor limit, raised to the hard one. Call once at start.
void raise_descriptor_limit();

/// limits.connections, or with `auto` a share of the descriptors that leaves one for each request's
/// upstream connection and some for files.
std::uint32_t connection_limit(const config::Settings& settings);

}  // namespace tallygate
