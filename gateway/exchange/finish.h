#pragma once
// The last phase of every planned request, however it ended: its record, its metrics, the wait for
// the journal, the end of its answer, and the upstream connection's future.

#include "gateway/exchange/exchange.h"

namespace tallygate {

Task<void> finish(Exchange& exchange);

/// Metrics of one attempt.
void count_attempt(Exchange& exchange, const router::Attempt& attempt, SteadyTime now);

}  // namespace tallygate
