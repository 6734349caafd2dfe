#pragma once
// Figures in plain words, for readers who do not know what a confidence interval is. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "router/statistics/compare.h"
#include "router/statistics/compare_quantiles.h"

namespace tallygate::router {

/// "12 %", "1.3 %", "0.025 %" of 0.12, 0.013, 0.00025. The sign is kept.
std::string percent_text(double share);
/// "12,000".
std::string count_text(std::uint64_t count);

/// "b answers 12 % faster than a (between 8 % and 16 %); this is settled at 95 %."
std::string sentence_of(const Comparison& comparison, const Threshold& threshold, double alpha);

/// "The slowest 5 % of b's requests answer 12 % faster than a's (between 8 % and 16 %); ..."
std::string sentence_of(const QuantileComparison& comparison, double alpha);

}  // namespace tallygate::router
