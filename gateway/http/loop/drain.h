#pragma once
// An answer whose terminal event has come is over for the client; what the upstream still sends
// (its last-chunk, as a rule) is read aside, so that the connection can be used again.

#include "gateway/http/loop/event_loop.h"
#include "gateway/http/upstream_pool.h"

namespace tallygate::http {

/// Reads the rest of the answer, a little and not for long, and pools the connection or closes it.
void drain_aside(EventLoop& loop, UpstreamPool& pool, UpstreamPtr connection);

}  // namespace tallygate::http
