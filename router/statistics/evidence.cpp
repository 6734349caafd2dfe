#include "router/statistics/evidence.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tallygate::router {

bool is_less_better(std::string_view metric) {
  constexpr std::array kLess{kErrorRate, kLatency, kFirstToken, kCost, kTokens, kExceeded};
  return std::find(kLess.begin(), kLess.end(), metric) != kLess.end();
}

std::optional<double> design_effect(const MetricEvidence& evidence) {
  const std::optional<Mean> mean = cluster_mean(evidence.groups);
  if (!mean || !evidence.square_sum) return std::nullopt;
  double count = 0;
  for (const SubBucket& group : evidence.groups) count += std::max(group.count, 0.0);
  const double plain = (*evidence.square_sum / count - mean->value * mean->value) / count;
  if (!(plain > 0)) return std::nullopt;
  return std::pow(mean->standard_error, 2) / plain;
}

std::uint64_t total(const ArmEvidence& arm, std::uint64_t EpochEvidence::*count) {
  std::uint64_t sum = 0;
  for (const EpochEvidence& epoch : arm.epochs) sum += epoch.*count;
  return sum;
}

}  // namespace tallygate::router
