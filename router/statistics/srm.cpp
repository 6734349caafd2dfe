#include "router/statistics/srm.h"

#include <algorithm>
#include <array>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

namespace tallygate::router {
namespace {

/// A single concentration is blind at small or at large numbers of users.
constexpr std::array kConcentrations{1e2, 1e3, 1e4, 1e5};
constexpr double kImpossible = 1e6;

double log_rising(double from, double by) {
  return by > 0 ? boost::math::lgamma(from + by) - boost::math::lgamma(from) : 0;
}

}  // namespace

double log_srm_bayes_factor(std::span<const ArmUsers> arms) {
  double users = 0;
  double shares = 0;
  for (const ArmUsers& arm : arms) {
    users += std::max(arm.first_exposed, 0.0);
    shares += std::max(arm.planned_share, 0.0);
  }
  if (!(users > 0) || !(shares > 0)) return 0;
  std::array<double, kConcentrations.size()> logs{};
  for (std::size_t i = 0; i < logs.size(); ++i) {
    logs[i] = -log_rising(kConcentrations[i], users);
    for (const ArmUsers& arm : arms) {
      if (!(arm.first_exposed > 0)) continue;
      if (!(arm.planned_share > 0)) return kImpossible;
      const double share = arm.planned_share / shares;
      logs[i] += log_rising(kConcentrations[i] * share, arm.first_exposed) -
                 arm.first_exposed * std::log(share);
    }
  }
  const double largest = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double value : logs) sum += std::exp(value - largest);
  return largest + std::log(sum / static_cast<double>(logs.size()));
}

double srm_p(double log_bayes_factor) { return std::min(1.0, std::exp(-log_bayes_factor)); }

}  // namespace tallygate::router
