#pragma once
// Server-sent events: reference wire.md section 3.

#include "gateway/exchange.h"

namespace tallygate {

Awaitable<Result<void>> relay_events(Exchange& exchange);

/// Appends `payload` to session.out as the client's framing wants it: a chunk, or plain.
void append_payload(Exchange& exchange, std::string_view payload);
/// Ends the body: the last-chunk, where there are chunks.
void append_end(Exchange& exchange);

}  // namespace tallygate
