#include "router/statistics/beta.h"

#include <algorithm>
#include <boost/math/constants/constants.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/log1p.hpp>
#include <boost/math/tools/fraction.hpp>
#include <cmath>
#include <cstdint>
#include <utility>

namespace tallygate::router {
namespace {

constexpr double kHalfLogTwoPi = 0.918938533204672741780329736406;
/// From here on the saddle point approximation errs by less than 1e-6 of the tail, relatively,
/// and the continued fraction would need thousands of steps near the mean.
constexpr double kSaddlePointFrom = 1e6;
/// Farther out exp(−z²/2) underflows, and the normal tail is its own asymptote.
constexpr double kNormalReach = 37;
constexpr std::uintmax_t kMaxFractionSteps = 20'000;
constexpr double kFractionPrecision = 1e-13;  ///< at epsilon it may never settle

/// x ln(x / mean) − x + mean: at least 0.
double one_sided_deviance(double x, double mean) {
  const double distance = (x - mean) / mean;
  if (std::abs(distance) >= 0.5) return std::max(0.0, x * std::log(x / mean) - (x - mean));
  return mean * ((1 + distance) * boost::math::log1pmx(distance) + distance * distance);
}

/// Sum of remainders in lnB(a, b).
double remainders(const BetaShape& shape) {
  return stirling_remainder(shape.a) + stirling_remainder(shape.b) -
         stirling_remainder(shape.a + shape.b);
}

/// ab / (a + b) without overflow or underflow of the product.
double harmonic(const BetaShape& shape) {
  const double small = std::min(shape.a, shape.b);
  const double large = std::max(shape.a, shape.b);
  return small / (1 + small / large);
}

/// The coefficients of the incomplete beta function's continued fraction (DLMF 8.17.22).
class TailFraction {
 public:
  using result_type = std::pair<double, double>;
  TailFraction(const BetaShape& shape, double x) : a_(shape.a), b_(shape.b), x_(x) {}

  result_type operator()() {
    const int step = step_++;
    if (step == 0) return {0, 1};
    const int pairs = step / 2;
    const double m = pairs;
    if (step % 2 == 0) return {m * (b_ - m) * x_ / ((a_ + 2 * m - 1) * (a_ + 2 * m)), 1};
    return {-(a_ + m) * (a_ + b_ + m) * x_ / ((a_ + 2 * m) * (a_ + 2 * m + 1)), 1};
  }

 private:
  double a_;
  double b_;
  double x_;
  int step_ = 0;
};

/// ln I(x; a, b) for x below the mean, with `density` = ln[x^a (1−x)^b / B(a, b)].
double log_small_tail(const BetaShape& shape, double x, double density) {
  TailFraction fraction(shape, x);
  std::uintmax_t steps = kMaxFractionSteps;
  const double value =
      boost::math::tools::continued_fraction_b(fraction, kFractionPrecision, steps);
  return std::min(0.0, density - std::log(shape.a) - std::log(std::max(value, 1e-300)));
}

/// Lugannani and Rice: ln of the upper tail from the signed root of the deviance.
double log_saddle_point_tail(const BetaShape& shape, double p, double root) {
  if (root < -kNormalReach) return 0;
  const double spread = std::sqrt(harmonic(shape));
  const double standardised = ((shape.a + shape.b) * p - shape.a) / spread;
  const double log_density = -root * root / 2 - kHalfLogTwoPi;
  if (root > kNormalReach) {
    return log_density + std::log(1 / standardised - 1 / (root * root * root));
  }
  const double correction = std::abs(standardised) < 1e-3
                                ? -spread * (1 / shape.a - 1 / shape.b) / 3
                                : 1 / standardised - 1 / root;
  const double normal_tail = std::erfc(root / boost::math::constants::root_two<double>()) / 2;
  return std::min(0.0, std::log(normal_tail + std::exp(log_density) * correction));
}

}  // namespace

double stirling_remainder(double x) {
  if (x < 16) {
    return boost::math::lgamma(x) - ((x - 0.5) * std::log(x) - x + kHalfLogTwoPi);
  }
  const double inverse_square = 1 / (x * x);
  return (1.0 / 12 -
          inverse_square *
              (1.0 / 360 - inverse_square * (1.0 / 1260 - inverse_square * (1.0 / 1680)))) /
         x;
}

double deviance(const BetaShape& shape, double p) {
  const double total = shape.a + shape.b;
  return one_sided_deviance(shape.a, total * p) + one_sided_deviance(shape.b, total * (1 - p));
}

double log_upper_tail(const BetaShape& shape, double p) {
  const double distance = deviance(shape, p);
  const bool beyond_mean = p * (shape.a + shape.b) > shape.a;
  const double root = (beyond_mean ? 1 : -1) * std::sqrt(2 * distance);
  if (std::min(shape.a, shape.b) > kSaddlePointFrom) return log_saddle_point_tail(shape, p, root);
  const double density =
      -distance + std::log(harmonic(shape)) / 2 - kHalfLogTwoPi - remainders(shape);
  if (beyond_mean) return log_small_tail({shape.b, shape.a}, 1 - p, density);
  const double lower = std::exp(log_small_tail(shape, p, density));
  return std::log(std::max(1 - lower, std::numeric_limits<double>::min()));
}

double log_mixture_ratio(const BetaShape& prior, const BetaShape& posterior, double p) {
  return deviance(posterior, p) - std::log(harmonic(posterior) / harmonic(prior)) / 2 +
         remainders(posterior) - remainders(prior);
}

}  // namespace tallygate::router
