#pragma once
// What an upstream's error tells the client's SDK about repeating it (reference wire.md section
// 4.3): the SDKs of OpenAI and Anthropic repeat by themselves, unless x-should-retry forbids it.

#include <chrono>
#include <string>

#include "gateway/exchange/exchange.h"

namespace tallygate {

/// SDKs give up, or ignore it, when they are told to wait longer.
inline constexpr std::chrono::seconds kLongestRetryAfter{60};

/// Retry-After and retry-after-ms as whole lines: `wait` up to kLongestRetryAfter, the seconds
/// rounded up.
void append_retry_after(std::chrono::milliseconds wait, std::string& block);

/// Appends to `block`: `x-should-retry: false` when the gate has repeated the request already, or a
/// repetition cannot help; Retry-After and retry-after-ms as SDKs can obey them, if the upstream
/// sent either. Returns its head without the fields that were taken over.
http::ResponseHead take_over_retry_fields(const Exchange& exchange,
                                          const http::ResponseHead& upstream, std::string& block);

}  // namespace tallygate
