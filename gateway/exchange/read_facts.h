#pragma once
// What routing needs to know of a request, from its body and its headers.

#include "gateway/exchange/exchange.h"

namespace tallygate {

/// Inspects the body (exchange.facts) and finds model and unit. Errors: as wire::inspect says, plus
/// missing_parameter for `messages` where the endpoint needs them. Views into session buffers.
Result<router::RequestFacts> read_facts(Exchange& exchange);

/// x-tallygate-timeout-ms shortens the total deadline, x-tallygate-tags is kept for the record
/// unless it is too long. Error: invalid_parameter, where the time is none.
Result<void> apply_request_headers(Exchange& exchange);

}  // namespace tallygate
