#pragma once
// A tally as members of a JSON object, the same in all families, and their table. Pure.

#include <string>

#include "gateway/api/shapes/fields.h"
#include "gateway/api/shapes/json_text.h"
#include "router/tally/tally.h"

namespace tallygate::api {

/// part / whole with `digits` behind the point; "null" of nothing.
std::string ratio_text(std::uint64_t part, std::uint64_t whole, int digits = 6);

/// {"avg","p50","p95","p99"} in milliseconds; null when empty.
void add_sketch(JsonText& json, std::string_view key, const router::Sketch& sketch);

/// Of what success_rate is the share: of requests, or of the attempts that a target was given,
/// where one that another target made good is a failure too.
enum class Counting : std::uint8_t { requests, attempts };

/// usage, successes, failures, failovers, success_rate, outcomes, attempts, streamed, latency_ms,
/// ttft_ms, tokens, cost_usd.
void add_tally(JsonText& json, const router::Tally& tally, Counting counting);

}  // namespace tallygate::api
