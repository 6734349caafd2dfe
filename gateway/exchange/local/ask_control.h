#pragma once
// Requests that a worker cannot answer by itself, because they touch the catalog.

#include "gateway/http/session.h"

namespace tallygate {

/// Hands the request, whose body is at session.body, to control's pool, waits for the answer and
/// sends it. The client gets 503 when too many wait already.
Task<void> ask_control(http::Session& session);

}  // namespace tallygate
