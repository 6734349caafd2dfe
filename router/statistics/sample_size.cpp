#include "router/statistics/sample_size.h"

#include <boost/math/distributions/normal.hpp>
#include <cmath>

namespace tallygate::router {
namespace {

/// The normal quantile; the argument must lie in (0, 1).
double normal_quantile(double p) { return boost::math::quantile(boost::math::normal(), p); }

bool is_inside(double p) { return p > 0 && p < 1; }

}  // namespace

std::optional<double> sample_size_of_rates(double p1, double p2, double alpha, double power) {
  if (!(p1 >= 0 && p1 <= 1 && p2 >= 0 && p2 <= 1) || p1 == p2) return std::nullopt;
  if (!is_inside(alpha) || !is_inside(power)) return std::nullopt;
  const double mean = (p1 + p2) / 2;
  const double spread = normal_quantile(1 - alpha / 2) * std::sqrt(2 * mean * (1 - mean)) +
                        normal_quantile(power) * std::sqrt(p1 * (1 - p1) + p2 * (1 - p2));
  return std::pow(spread / (p1 - p2), 2);
}

std::optional<double> sample_size_of_means(double variance, double difference, double alpha,
                                           double power) {
  if (!(variance > 0) || !(std::abs(difference) > 0)) return std::nullopt;
  if (!is_inside(alpha) || !is_inside(power)) return std::nullopt;
  const double z = normal_quantile(1 - alpha / 2) + normal_quantile(power);
  return 2 * variance * std::pow(z / difference, 2);
}

}  // namespace tallygate::router
