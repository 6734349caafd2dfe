#pragma once
// Waiting while an answer is relayed, for its target and for its client at once: each has limits of
// its own, and the first that is reached ends the answer. While the client is too far behind
// (Backlog) the target is not heard, and its limits do not run.

#include <optional>

#include "gateway/exchange/exchange.h"

namespace tallygate {

/// More than this of one answer is not relayed in one turn of the event loop.
inline constexpr std::size_t kRelayedPerTurn = std::size_t{1} << 20;

/// Something has come: the target has its idle time again.
void expect_more(Exchange& exchange);

/// Sends what of session.out the client takes now. False: the client has gone.
bool push(Exchange& exchange);

/// What has arrived of the answer, in the loop's scratch. `would_block`: park, then find_stop().
http::IoResult read_answer(Exchange& exchange);

/// What ends an answer when push() says so.
Error client_left();

/// To be asked after each park: why not to go on, if so. Errors: client_abort, client_slow,
/// draining, deadline_exceeded, and `own` where the target is late or slower than min_rate.
std::optional<Error> find_stop(Exchange& exchange, Errc own);

}  // namespace tallygate
