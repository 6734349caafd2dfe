#pragma once
// One request of a connection, whose head is read: what answers it, whether it may, its body, its
// answer, and its place in the HTTP metrics.

#include "gateway/http/session.h"

namespace tallygate {

Task<void> serve_request(http::Session& session);

}  // namespace tallygate
