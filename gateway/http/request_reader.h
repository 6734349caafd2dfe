#pragma once
// Reads requests of a session: bytes in, a head and a whole body out.

#include "base/result.h"
#include "gateway/http/session.h"

namespace tallygate::http {

/// The next head, at session.head(). False: the connection ended, or idled too long, before a
/// request began; there is nobody to answer. Errors: what the acceptance layer refuses,
/// request_timeout.
Task<Result<bool>> read_head(Session& session);

/// True if the whole body lies in the input already (or there is none): session.body is set, and
/// read_body() is not needed.
bool take_body_at_once(Session& session);

/// The whole body, at session.body. Sends 100 Continue where the client waits for it. Errors:
/// body_too_large, bad_framing, request_timeout, client_abort.
Task<Result<void>> read_body(Session& session);

}  // namespace tallygate::http
