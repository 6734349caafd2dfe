#pragma once
// The end of an attempt: what the record keeps of it, and what it says about the target's health.

#include "gateway/exchange/exchange.h"

namespace tallygate {

/// Whether the upstream closed a pooled connection before it answered anything: it may have done so
/// just as the connection was taken. That race is HTTP/1.1's, and nobody's fault.
bool died_in_pool(const Exchange& exchange);

/// Closes the books on the attempt under way, which must be open.
void end_attempt(Exchange& exchange, const Result<void>& result);

/// A bench is durable before the request that brought it about is answered: waits until
/// exchange.bench_written is set, at most kBenchPatience. That is rare, so it looks now and then.
inline constexpr std::chrono::milliseconds kBenchPatience{50};
Task<void> await_bench_written(Exchange& exchange);

}  // namespace tallygate
