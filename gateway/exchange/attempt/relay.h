#pragma once
// The answer's way to the client. Until the first content everything is held, so that another
// target may still take over; then it goes out as it comes: whole events of a stream, bytes of a
// body. JSON is held whole, up to kMaxHeldBytes, so that a short one can be replaced too. What
// would tell the client that its answer is complete stays in session.out, unsent: finish sends it
// when the record is committed.

#include "gateway/exchange/exchange.h"
#include "gateway/http/message/head_renderer.h"

namespace tallygate {

/// Whether the answer, whose head call_target has read, is to be relayed event by event.
bool is_event_stream(const Exchange& exchange);

/// The body of exchange.upstream as it is, whatever its status. An error with exchange.committed
/// false may be retried; with it true the client has been told (an error event, or a body cut
/// short) and the connection will close. Errors: upstream_stream_truncated (also of an empty
/// answer), upstream_timeout, deadline_exceeded, upstream_bad_response, upstream_auth_error (it
/// does not know the configured model), client_abort, client_slow.
Task<Result<void>> relay_body(Exchange& exchange);

/// Renders the answer's head into session.out. From here on there is no retry.
void commit_head(Exchange& exchange, http::Framing framing, std::uint64_t content_length);

}  // namespace tallygate
