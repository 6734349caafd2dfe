#pragma once
// Sample ratio mismatch: do as many users come to each arm as were planned? If not, something picks
// users by arm, and every comparison is worthless. Reference experiments.md 4.6. Pure.

#include <span>

namespace tallygate::router {

inline constexpr double kSrmThreshold = 0.001;

struct ArmUsers {
  double first_exposed = 0;  ///< users whose first exposure fell into this epoch and arm
  double planned_share = 0;  ///< any unit; shares are normalised over the arms
};

/// ln of the Bayes factor of one epoch against the planned shares. Epochs' values may be added.
/// 0 without users or shares; large (1e6) when users came to an arm that had no share.
double log_srm_bayes_factor(std::span<const ArmUsers> arms);

/// min(1, 1/BF): below kSrmThreshold no winner may be named. Callers keep the running minimum.
double srm_p(double log_bayes_factor);

}  // namespace tallygate::router
