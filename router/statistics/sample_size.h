#pragma once
// How many requests a test needs per arm: reference experiments.md 4.8. Fixed-size figures; an
// interval that may be looked at all the time needs kPeekingFactor as many. Pure.

#include <optional>

#include "router/statistics/bernoulli.h"

namespace tallygate::router {

inline constexpr double kPower = 0.8;
inline constexpr double kPeekingFactor = 2.40;

/// To tell rate p1 from p2; nullopt when they are equal or not rates.
std::optional<double> sample_size_of_rates(double p1, double p2, double alpha = kAlpha,
                                           double power = kPower);

/// To see a difference of `difference` in a mean whose outcomes have `variance`; nullopt when
/// either is not above zero.
std::optional<double> sample_size_of_means(double variance, double difference,
                                           double alpha = kAlpha, double power = kPower);

}  // namespace tallygate::router
