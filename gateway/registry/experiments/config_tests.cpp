#include "gateway/registry/experiments/config_tests.h"

#include <algorithm>
#include <cmath>

#include "gateway/registry/experiments/ab_test_rules.h"
#include "gateway/registry/experiments/criteria_json.h"
#include "router/experiment/lifecycle.h"
#include "router/experiment/rollout.h"

namespace tallygate::registry {
namespace {

using config::ExperimentStatus;

constexpr std::string_view kByFile = "configuration file";

std::string version_id(const std::string& route, const std::string& version) {
  return "config:" + route + "@" + version;
}

std::vector<ModelVersion> versions_of(const std::string& name, const config::Route& route) {
  std::vector<ModelVersion> versions;
  for (const auto& [version, settings] : route.versions) {
    ModelVersion made;
    made.id = version_id(name, version);
    made.version = version;
    made.model_type = name;
    made.active = settings.active;
    made.origin = Origin::config;
    versions.push_back(std::move(made));
  }
  return versions;
}

/// Control first, then by name: the order that the snapshot and the records count by.
std::vector<Arm> arms_of(const std::string& route, const config::Experiment& declared) {
  std::vector<Arm> arms;
  for (const auto& [name, version] : declared.variants) {
    const auto share = declared.split.find(name);
    const double percent = share == declared.split.end() ? 0 : share->second;
    arms.push_back({name, version, percent / 100, version_id(route, version)});
  }
  std::stable_partition(arms.begin(), arms.end(), [](const Arm& arm) { return arm.name == "a"; });
  return arms;
}

bool same_names(const std::vector<Arm>& a, const std::vector<Arm>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Arm& x, const Arm& y) { return x.name == y.name; });
}

bool near(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max(1.0, std::abs(a)); }

bool near(const std::optional<double>& a, const std::optional<double>& b) {
  return a.has_value() == b.has_value() && (!a || near(*a, *b));
}

/// Stored numbers may come back off by their last bit.
bool same_criteria(const router::Criteria& a, const router::Criteria& b) {
  router::Criteria like_b = a;
  if (near(a.max_error_rate, b.max_error_rate)) like_b.max_error_rate = b.max_error_rate;
  if (near(a.latency_quantile, b.latency_quantile)) like_b.latency_quantile = b.latency_quantile;
  if (near(a.min_improvement, b.min_improvement)) like_b.min_improvement = b.min_improvement;
  if (near(a.min_improvement_absolute, b.min_improvement_absolute)) {
    like_b.min_improvement_absolute = b.min_improvement_absolute;
  }
  const bool same_stages =
      std::equal(a.rollout.begin(), a.rollout.end(), b.rollout.begin(), b.rollout.end(),
                 [](double x, double y) { return near(x, y); });
  if (same_stages) like_b.rollout = b.rollout;
  return like_b == b;
}

void forget_table(AbTest& test) {
  test.table = nullptr;
  test.home = nullptr;
}

/// What the file says of the test apart from its state.
void take_declaration(AbTest& test, const std::string& route, const config::Experiment& declared,
                      WallTime now) {
  const auto arms = arms_of(route, declared);
  const auto criteria = parse_criteria(declared.criteria_json);
  if (criteria && !same_criteria(test.criteria, *criteria)) test.criteria = *criteria;
  const auto& mirror = declared.mirror;
  const bool same_mirror = test.mirror.has_value() == mirror.has_value() &&
                           (!mirror || (test.mirror->version == mirror->version &&
                                        near(test.mirror->share, mirror->share)));
  if (!same_mirror) test.mirror = mirror;
  if (same_arms(test.arms, arms)) return;
  const bool same = same_names(test.arms, arms);
  test.arms = arms;
  if (!test.table) return;
  if (!same) {
    // Other arms: nothing of the old table holds.
    forget_table(test);
    if (test.status != ExperimentStatus::active) return;
    test.status = ExperimentStatus::draft;
  } else if (auto dealt = after_stage(test, test.stage, now)) {
    test = std::move(*dealt);
  }
}

class Follower {
 public:
  Follower(std::span<const AbTest> stored, WallTime now)
      : tests_(stored.begin(), stored.end()), now_(now) {}

  void follow(const std::string& name, const config::Route& route) {
    const config::Experiment& declared = *route.experiment;
    AbTest& test = test_of(router::config_experiment_uuid(name, declared.name));
    test.name = declared.name;
    test.model_type = name;
    test.origin = Origin::config;
    declared_.push_back(test.id);
    take_declaration(test, name, declared, now_);
    move(test, declared.status, versions_of(name, route));
  }

  void cancel_undeclared() {
    for (AbTest& test : tests_) {
      const bool is_declared =
          std::find(declared_.begin(), declared_.end(), test.id) != declared_.end();
      if (test.origin == Origin::api || is_declared) continue;
      take(test, after_cancel(test, "no longer in the " + std::string(kByFile), now_));
    }
  }

  std::vector<AbTest> changed(std::span<const AbTest> stored) const {
    std::vector<AbTest> changed;
    for (std::size_t i = 0; i < tests_.size(); ++i) {
      const bool is_new = i >= stored.size();
      if (is_new || to_body(tests_[i]) != to_body(stored[i])) changed.push_back(tests_[i]);
    }
    return changed;
  }

 private:
  AbTest& test_of(const Uuid& id) {
    const auto known = std::find_if(tests_.begin(), tests_.end(),
                                    [&](const AbTest& test) { return test.id == id; });
    if (known != tests_.end()) return *known;
    tests_.emplace_back();
    tests_.back().id = id;
    tests_.back().created = tests_.back().updated = now_;
    return tests_.back();
  }

  /// The file may name any state; what its criteria ended stays ended.
  void move(AbTest& test, ExperimentStatus wanted, const std::vector<ModelVersion>& versions) {
    if (test.status == wanted) return;
    if (router::is_final(test.status)) {
      if (!test.end_reason.ends_with(kByFile)) return;
      test.status = ExperimentStatus::draft;
      test.ended.reset();
      test.end_reason.clear();
    }
    switch (wanted) {
      case ExperimentStatus::draft:
        forget_table(test);
        test.status = wanted;
        return;
      case ExperimentStatus::active: return start(test, versions);
      case ExperimentStatus::paused:
        if (test.status == ExperimentStatus::draft) start(test, versions);
        return take(test, after_pause(test));
      case ExperimentStatus::completed:
        if (test.status != ExperimentStatus::draft) {
          return take(test, after_complete(test, "", false, kByFile, now_));
        }
        [[fallthrough]];
      case ExperimentStatus::cancelled:
        if (test.status == wanted) return;
        take(test, after_cancel(test, kByFile, now_));
        test.status = wanted;
        return;
    }
  }

  void start(AbTest& test, const std::vector<ModelVersion>& versions) {
    if (!test.table) test.coverage = router::coverage_of(test.criteria, test.stage);
    std::vector<AbTest> others;
    for (const AbTest& other : tests_) {
      if (other.id != test.id && other.model_type == test.model_type) others.push_back(other);
    }
    auto moved = after_start(test, others, versions, now_);
    if (!moved) return;
    test = std::move(moved->test);
    for (AbTest& other : moved->others) test_of(other.id) = std::move(other);
  }

  static void take(AbTest& test, Result<AbTest> moved) {
    if (moved) test = std::move(*moved);
  }

  std::vector<AbTest> tests_;
  std::vector<Uuid> declared_;
  WallTime now_;
};

}  // namespace

std::vector<AbTest> follow_config(const config::Settings& settings, std::span<const AbTest> stored,
                                  WallTime now) {
  Follower follower(stored, now);
  for (const auto& [name, route] : settings.routes) {
    if (route.experiment) follower.follow(name, route);
  }
  follower.cancel_undeclared();
  return follower.changed(stored);
}

}  // namespace tallygate::registry
