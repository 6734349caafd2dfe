#include "router/selection/rank.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tallygate::router {
namespace {

constexpr std::array<std::string_view, kRankMetricCount> kMetricNames{"overall", "cost", "accuracy",
                                                                      "creativity", "speed"};

double mean_of(double sum, std::uint64_t count) { return sum / static_cast<double>(count); }

/// A positive quantity of which less is better: its mean, if it was measured.
using Quantity = std::optional<double>;

Quantity latency_of(const Measured& evidence) {
  const Totals& totals = evidence.totals;
  if (totals.successes == 0) return std::nullopt;
  return mean_of(static_cast<double>(totals.latency_us_sum), totals.successes);
}

Quantity first_token_of(const Measured& evidence) {
  const Totals& totals = evidence.totals;
  if (totals.first_tokens == 0) return std::nullopt;
  return mean_of(static_cast<double>(totals.first_token_us_sum), totals.first_tokens);
}

Quantity price_of(const Measured& evidence) {
  const Totals& totals = evidence.totals;
  if (totals.successes == 0) return std::nullopt;
  return mean_of(static_cast<double>(totals.cost_nano_usd), totals.successes);
}

Quantity tokens_of(const Measured& evidence) {
  const Totals& totals = evidence.totals;
  const std::uint64_t tokens = totals.input_tokens + totals.output_tokens;
  if (totals.successes == 0 || tokens == 0) return std::nullopt;
  return mean_of(static_cast<double>(tokens), totals.successes);
}

/// relative() of rank.h for each candidate.
std::vector<Quantity> relative(std::span<const RankCandidate> candidates,
                               Quantity (*quantity_of)(const Measured&)) {
  std::vector<Quantity> shares;
  double log_sum = 0;
  std::size_t positive = 0;
  for (const RankCandidate& candidate : candidates) {
    shares.push_back(quantity_of(candidate.evidence));
    if (shares.back().value_or(0) <= 0) continue;
    log_sum += std::log(*shares.back());
    ++positive;
  }
  const double middle = positive == 0 ? 1 : std::exp(log_sum / static_cast<double>(positive));
  for (Quantity& share : shares) {
    if (share) share = middle / (middle + std::max(*share, 0.0));
  }
  return shares;
}

Figure figure_of(Quantity measured, std::uint64_t samples, double prior) {
  Figure figure;
  figure.prior = std::clamp(prior, 0.0, 1.0);
  if (measured && samples > 0) {
    figure.measured = std::clamp(*measured, 0.0, 1.0);
    figure.samples = samples;
  }
  const auto count = static_cast<double>(figure.samples);
  const double blended =
      (count * figure.measured.value_or(0) + kPriorWeight * figure.prior) / (count + kPriorWeight);
  figure.score = wilson_lower(blended, count + kPriorWeight);
  return figure;
}

Figure figure_of(const Ratings& ratings, std::optional<double> prior) {
  Quantity mean;
  if (ratings.count > 0) mean = mean_of(ratings.sum, ratings.count);
  return figure_of(mean, ratings.count, prior.value_or(kDefaultPrior));
}

Figure reliability_of(const Measured& evidence) {
  const std::uint64_t tried = evidence.totals.successes + evidence.failures();
  Quantity share;
  if (tried > 0) share = mean_of(static_cast<double>(evidence.totals.successes), tried);
  return figure_of(share, tried, kReliabilityPrior);
}

}  // namespace

std::string_view to_string(RankMetric metric) {
  return kMetricNames[static_cast<std::size_t>(metric)];
}

std::optional<RankMetric> parse_rank_metric(std::string_view text) {
  const auto found = std::find(kMetricNames.begin(), kMetricNames.end(), text);
  if (found == kMetricNames.end()) return std::nullopt;
  return static_cast<RankMetric>(found - kMetricNames.begin());
}

void Measured::add(const Measured& other) {
  totals.merge(other.totals);
  accuracy.add(other.accuracy);
  creativity.add(other.creativity);
  feedback.add(other.feedback);
}

double Assessment::score(RankMetric metric) const {
  switch (metric) {
    case RankMetric::cost: return reliability.score * cost.score;
    case RankMetric::accuracy: return reliability.score * accuracy.score;
    case RankMetric::creativity: return reliability.score * creativity.score;
    case RankMetric::speed: return reliability.score * speed.score;
    case RankMetric::overall: break;
  }
  const double sum = cost.score + accuracy.score + creativity.score + speed.score + feedback.score;
  return reliability.score * sum / 5;
}

double wilson_lower(double share, double samples) {
  if (samples <= 0) return 0;
  constexpr double kSquare = kWilsonZ * kWilsonZ;
  const double spread = share * (1 - share) / samples + kSquare / (4 * samples * samples);
  const double bound = share + kSquare / (2 * samples) - kWilsonZ * std::sqrt(spread);
  return std::max(0.0, bound / (1 + kSquare / samples));
}

std::vector<Assessment> assess(std::span<const RankCandidate> candidates) {
  const bool is_any_priced = std::any_of(
      candidates.begin(), candidates.end(),
      [](const RankCandidate& candidate) { return price_of(candidate.evidence).value_or(0) > 0; });
  const auto cost = relative(candidates, is_any_priced ? price_of : tokens_of);
  const auto latency = relative(candidates, latency_of);
  const auto first_token = relative(candidates, first_token_of);

  std::vector<Assessment> assessments;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Measured& evidence = candidates[i].evidence;
    const Priors& priors = candidates[i].priors;
    Quantity speed = latency[i];
    if (speed && first_token[i]) speed = (*speed + *first_token[i]) / 2;
    Assessment& assessment = assessments.emplace_back();
    assessment.reliability = reliability_of(evidence);
    assessment.cost =
        figure_of(cost[i], evidence.totals.successes, priors.cost.value_or(kDefaultPrior));
    assessment.speed =
        figure_of(speed, evidence.totals.successes, priors.speed.value_or(kDefaultPrior));
    assessment.accuracy = figure_of(evidence.accuracy, priors.accuracy);
    assessment.creativity = figure_of(evidence.creativity, priors.creativity);
    assessment.feedback = figure_of(evidence.feedback, std::nullopt);
  }
  return assessments;
}

std::vector<std::uint32_t> ranking(std::span<const Assessment> assessments, RankMetric metric) {
  std::vector<double> scores;
  for (const Assessment& assessment : assessments) scores.push_back(assessment.score(metric));
  std::vector<std::uint32_t> order(assessments.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t left, std::uint32_t right) {
    return scores[left] > scores[right];
  });
  return order;
}

}  // namespace tallygate::router
