#pragma once
// The upstream half of an attempt: a connection, the request on its way, the head of the answer.

#include "gateway/exchange/exchange.h"

namespace tallygate {

/// Starts an attempt on exchange.candidate with a pooled connection. False: there is none, and
/// connect_target() is needed.
bool reuse_connection(Exchange& exchange);

/// The target is called with what the gate is configured with, so a refusal is ours to mend; false
/// where the client's own key is passed on.
bool is_our_credential(const Exchange& exchange);

/// A new connection, at exchange.upstream. Errors: upstream_connect_error,
/// upstream_connect_timeout, upstream_busy, deadline_exceeded, client_abort.
Task<Result<void>> connect_target(Exchange& exchange);

/// Sends the request and reads the answer's head. Errors: upstream_reset, upstream_bad_response,
/// upstream_timeout, upstream_ttft_timeout, deadline_exceeded, upstream_status (with
/// exchange.upstream still holding the answer), upstream_auth_error, client_abort.
Task<Result<void>> call_target(Exchange& exchange);

}  // namespace tallygate
