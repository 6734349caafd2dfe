#pragma once
// The answer's way to the client. Until the first content everything is held, so that another
// target may still take over; then it goes out as it comes: whole events of a stream, bytes of a
// body. What would tell the client that its answer is complete stays in session.out, unsent: finish
// sends it when the record is committed.

#include "gateway/exchange/exchange.h"
#include "gateway/http/message/head_renderer.h"

namespace tallygate {

/// Whether the answer, whose head call_target has read, is to be relayed event by event.
bool is_event_stream(const Exchange& exchange);

/// The body of exchange.upstream as it is, whatever its status. An error with exchange.committed
/// false may be retried; with it true the client has been told (an error event, or a body cut
/// short) and the connection will close. Errors: upstream_stream_truncated, upstream_timeout,
/// upstream_bad_response, client_abort, client_slow.
Task<Result<void>> relay_body(Exchange& exchange);

/// Renders the answer's head into session.out. From here on there is no retry.
void commit_head(Exchange& exchange, http::Framing framing, std::uint64_t content_length);

}  // namespace tallygate
