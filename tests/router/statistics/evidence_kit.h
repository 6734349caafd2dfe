#pragma once
// Arms with chosen means, for tests.

#include <cmath>
#include <cstdint>
#include <string>

#include "router/statistics/analysis.h"

namespace tallygate::router::test {

/// 64 groups whose outcomes scatter evenly: the mean is exactly `mean`, its standard error
/// `spread` / 8 (nearly) where groups differ by +-`spread`.
inline MetricEvidence metric_of(double mean, double spread, std::uint64_t count) {
  MetricEvidence metric;
  const double each = static_cast<double>(count) / kSubBucketCount;
  for (std::size_t i = 0; i < kSubBucketCount; ++i) {
    metric.groups.push_back({each, each * (mean + (i % 2 == 0 ? spread : -spread))});
  }
  return metric;
}

/// An arm of one epoch with half of the traffic.
inline ArmEvidence arm_of(const std::string& name, std::uint64_t requests,
                          std::uint64_t errors = 0) {
  EpochEvidence epoch;
  epoch.started = epoch.completed = requests;
  epoch.errors = errors;
  epoch.users = requests / 4;
  epoch.planned_share = 0.5;
  const double rate = static_cast<double>(errors) / static_cast<double>(requests);
  epoch.metrics[std::string(kErrorRate)] = metric_of(rate, rate / 4, requests);
  return {name, {epoch}};
}

inline ArmEvidence with(ArmEvidence arm, std::string_view metric, double mean, double spread) {
  EpochEvidence& epoch = arm.epochs.front();
  epoch.metrics[std::string(metric)] = metric_of(mean, spread, epoch.completed);
  return arm;
}

}  // namespace tallygate::router::test
