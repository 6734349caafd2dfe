#pragma once
// Server-sent events: reference wire.md section 3.

#include "gateway/exchange/exchange.h"

namespace tallygate {

/// As relay_body, for an event stream. Errors: upstream_stream_error, upstream_stream_truncated,
/// stream_idle_timeout, missing_done, upstream_ttft_timeout, client_abort, client_slow.
Task<Result<void>> relay_events(Exchange& exchange);

/// Appends `payload` to session.out as the client's framing wants it: a chunk, or plain.
void append_payload(Exchange& exchange, std::string_view payload);
/// Ends the body: the last-chunk, where there are chunks.
void append_end(Exchange& exchange);

}  // namespace tallygate
