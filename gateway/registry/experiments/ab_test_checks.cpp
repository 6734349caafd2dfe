#include "gateway/registry/experiments/ab_test_checks.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace tallygate::registry {
namespace {

// Shares are decimals such as 0.333, whose sums are off by a few units in the last place.
constexpr double kSplitTolerance = 1e-6;
constexpr std::size_t kMaxArmNameBytes = 31;

Error broken(std::string rule, std::string_view param) {
  return make_error(Errc::rule_broken, std::move(rule), std::string(param));
}

bool is_arm_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= kMaxArmNameBytes && name.front() >= 'a' &&
         name.front() <= 'z' && std::all_of(name.begin(), name.end(), fits);
}

const ModelVersion* version_of(const Arm& arm, std::string_view model_type,
                               std::span<const ModelVersion> versions) {
  for (const ModelVersion& version : versions) {
    if (!arm.version_id.empty()
            ? version.id == arm.version_id
            : version.model_type == model_type && version.version == arm.version)
      return &version;
  }
  return nullptr;
}

/// Fills in what the arms' versions say.
Result<void> resolve_arms(AbTest& test, std::span<const ModelVersion> versions) {
  for (Arm& arm : test.arms) {
    const std::string wanted = arm.version_id.empty() ? arm.version : arm.version_id;
    const ModelVersion* version = version_of(arm, test.model_type, versions);
    if (version == nullptr) {
      return broken("The versions of a test exist: there is no version `" + wanted + "`" +
                        (arm.version_id.empty() ? " of `" + test.model_type + "`." : "."),
                    "variant_" + arm.name);
    }
    if (test.model_type.empty()) test.model_type = version->model_type;
    if (version->model_type != test.model_type) {
      return broken("The versions of a test are of one model type: `" + version->version +
                        "` is of `" + version->model_type + "`, not of `" + test.model_type + "`.",
                    "variant_" + arm.name);
    }
    if (!version->active) {
      return broken("The versions of a test are active: `" + version->version + "` is not.",
                    "variant_" + arm.name);
    }
    arm.version = version->version;
    arm.version_id = version->id;
  }
  return {};
}

}  // namespace

Result<void> check_weights(std::span<const double> weights) {
  double sum = 0;
  for (const double weight : weights) {
    if (!(weight >= 0 && weight <= 1)) {
      return broken("The traffic split of every variant is within 0 and 1 (0 and 100 percent).",
                    "traffic_split");
    }
    sum += weight;
  }
  if (std::abs(sum - 1) > kSplitTolerance) {
    return broken("The traffic split sums to 1.0 (100 percent).", "traffic_split");
  }
  return {};
}

Result<void> check_arms(AbTest& test, std::span<const ModelVersion> versions) {
  std::stable_partition(test.arms.begin(), test.arms.end(),
                        [](const Arm& arm) { return arm.name == "a"; });
  if (test.arms.size() < 2 || test.arms.size() > kMaxArms) {
    return broken("A test compares from 2 to " + std::to_string(kMaxArms) + " variants.",
                  "variants");
  }
  for (const Arm& arm : test.arms) {
    if (!is_arm_name(arm.name)) {
      return broken("The name of a variant is of a-z, 0-9 and _, and begins with a letter.",
                    "variants");
    }
  }
  if (auto resolved = resolve_arms(test, versions); resolved.has_error()) return resolved;
  for (std::size_t i = 0; i < test.arms.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (test.arms[i].name == test.arms[j].name) {
        return broken("The names of the variants differ: `" + test.arms[i].name + "` is twice.",
                      "variants");
      }
      if (test.arms[i].version == test.arms[j].version) {
        return broken("The versions of a test differ: variants `" + test.arms[j].name + "` and `" +
                          test.arms[i].name + "` both have " + test.arms[i].version + ".",
                      "variant_" + test.arms[i].name);
      }
    }
  }
  return check_weights(weights_of(test));
}

Result<void> check_dates(const AbTest& test, WallTime now) {
  if (!test.end_date) return {};
  if (*test.end_date <= now) return broken("The end of a test is in the future.", "end_date");
  if (test.start_date && *test.end_date <= *test.start_date) {
    return broken("The end of a test is after its start.", "end_date");
  }
  return {};
}

}  // namespace tallygate::registry
