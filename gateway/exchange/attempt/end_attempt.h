#pragma once
// The end of an attempt: what the record keeps of it, and what it says about the target's health.

#include "gateway/exchange/exchange.h"

namespace tallygate {

/// Closes the books on the attempt under way, which must be open.
void end_attempt(Exchange& exchange, const Result<void>& result);

}  // namespace tallygate
