#pragma once
// Requests that a worker cannot answer by itself, because they touch the catalog.

#include "gateway/http/session.h"

namespace tallygate {

/// How long control's pool may take, if timeouts.total does not say less: its disk may hang.
inline constexpr std::chrono::seconds kCatalogPatience{10};

/// Hands the request, whose body is at session.body, to control's pool, waits for the answer and
/// sends it. The client gets 503 when too many wait already, or the answer takes too long; in the
/// latter case the connection closes, and what was asked for may still be done.
Task<void> ask_control(http::Session& session);

}  // namespace tallygate
