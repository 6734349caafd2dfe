#include "router/statistics/evidence.h"

#include <algorithm>
#include <array>

namespace tallygate::router {

bool is_less_better(std::string_view metric) {
  constexpr std::array kLess{kErrorRate, kLatency, kFirstToken, kCost, kTokens, kExceeded};
  return std::find(kLess.begin(), kLess.end(), metric) != kLess.end();
}

std::uint64_t total(const ArmEvidence& arm, std::uint64_t EpochEvidence::*count) {
  std::uint64_t sum = 0;
  for (const EpochEvidence& epoch : arm.epochs) sum += epoch.*count;
  return sum;
}

}  // namespace tallygate::router
