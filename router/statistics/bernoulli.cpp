#include "router/statistics/bernoulli.h"

#include <algorithm>
#include <cmath>

#include "router/statistics/beta.h"

namespace tallygate::router {
namespace {

constexpr double kPriorTail = 0.05;  ///< a*: the alpha at which the prior is tuned
constexpr double kNarrowestRate = 1e-12;
constexpr int kBisections = 100;

double clamp_rate(double rate) {
  if (std::isnan(rate)) return 0.5;
  return std::clamp(rate, kNarrowestRate, 1 - kNarrowestRate);
}

Count clamp_count(Count count) {
  const double trials = count.trials > 0 ? std::min(count.trials, 1e15) : 0;
  const double events = count.events > 0 ? std::min(count.events, trials) : 0;
  return {events, trials};
}

/// A beta prior with mean `rate`, widest where `planned_trials` outcomes are a decision's size.
/// `tail` is 2a* for a one-sided and a* for a two-sided question.
BetaShape prior_at(double rate, double planned_trials, double tail) {
  const double variance = rate * (1 - rate);
  const double log_odds = 2 * std::log(1 / tail);
  const double rho = variance * std::max(planned_trials, 1.0) / (log_odds + std::log1p(log_odds));
  const double r = std::max(rho - variance, 1e-3 * variance);
  return {r / (1 - rate), r / rate};
}

BetaShape posterior_of(const BetaShape& prior, const Count& count) {
  return {prior.a + count.events, prior.b + (count.trials - count.events)};
}

double log_threshold(double alpha) { return -std::log(std::clamp(alpha, 1e-300, 1.0)); }

/// The point between `inside` (where `given_up` is false) and `outside` (true) where it changes.
template <typename Predicate>
double border(double inside, double outside, const Predicate& given_up) {
  for (int i = 0; i < kBisections; ++i) {
    const double middle = inside + (outside - inside) / 2;
    if (middle == inside || middle == outside) break;
    (given_up(middle) ? outside : inside) = middle;
  }
  return outside;
}

}  // namespace

double log_e_above(const Count& raw, double max_rate, double planned_trials) {
  const Count count = clamp_count(raw);
  if (count.trials == 0) return 0;
  const double rate = clamp_rate(max_rate);
  const BetaShape prior = prior_at(rate, planned_trials, 2 * kPriorTail);
  const BetaShape posterior = posterior_of(prior, count);
  return log_mixture_ratio(prior, posterior, rate) + log_upper_tail(posterior, rate) -
         log_upper_tail(prior, rate);
}

double log_e_differs(const Count& raw, double rate, double planned_trials) {
  const Count count = clamp_count(raw);
  if (count.trials == 0) return 0;
  const double p = clamp_rate(rate);
  const BetaShape prior = prior_at(p, planned_trials, kPriorTail);
  return log_mixture_ratio(prior, posterior_of(prior, count), p);
}

RateInterval rate_confidence_sequence(const Count& raw, double alpha, double planned_trials) {
  const Count count = clamp_count(raw);
  if (count.trials == 0) return {};
  const double threshold = log_threshold(alpha);
  const auto given_up = [&](double rate) {
    return log_e_differs(count, rate, planned_trials) >= threshold;
  };
  const double observed = count.events / count.trials;
  RateInterval interval;
  if (count.events > 0 && given_up(0)) interval.lower = border(observed, 0, given_up);
  if (count.events < count.trials && given_up(1)) interval.upper = border(observed, 1, given_up);
  return interval;
}

QuantileRanks quantile_ranks(std::uint64_t samples, double level, double alpha,
                             double planned_trials) {
  const auto trials = static_cast<double>(samples);
  const double p = clamp_rate(level);
  const double threshold = log_threshold(alpha);
  const double centre = trials * p;
  const auto given_up = [&](double events) {
    return log_e_differs({events, trials}, p, planned_trials) >= threshold;
  };
  QuantileRanks ranks;
  if (given_up(0)) {
    const double rank = std::floor(border(centre, 0, given_up) + 1);
    ranks.lower = static_cast<std::uint64_t>(std::clamp(rank, 1.0, trials));
  }
  if (given_up(trials)) {
    const double rank = std::ceil(border(centre, trials, given_up));
    ranks.upper = static_cast<std::uint64_t>(std::clamp(rank, 1.0, trials));
  }
  return ranks;
}

}  // namespace tallygate::router
