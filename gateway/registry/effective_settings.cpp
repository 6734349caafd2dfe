#include "gateway/registry/effective_settings.h"

#include <algorithm>

#include "config/rules.h"
#include "config/url.h"
#include "gateway/registry/file_versions.h"

namespace tallygate::registry {
namespace {

using config::ExperimentStatus;

class Merger {
 public:
  Merger(const config::Settings& file, const SecretSource& secrets)
      : file_(file), secrets_(secrets) {
    effective_.settings = file;
  }

  void add_version(const ModelVersion& version);
  void add_test(const AbTest& test);
  Effective take() { return std::move(effective_); }

 private:
  void warn(const ModelVersion& version, const std::string& what) {
    effective_.warnings.push_back("version " + version.version + " of " + version.model_type +
                                  " (" + version.id + "): " + what);
  }
  void warn(const AbTest& test, const std::string& what) {
    effective_.warnings.push_back("A/B test `" + test.name + "` (" + to_string(test.id) +
                                  "): " + what);
  }

  std::vector<std::string> add_targets(const ModelVersion& version);
  bool add_inline_target(const ModelVersion& version, const VersionTarget& target,
                         const std::string& name);
  bool takes_over(const AbTest& test);
  std::string problem_of(const AbTest& test) const;
  bool is_servable(const std::string& route, const std::string& version) const;

  const config::Settings& file_;
  const SecretSource& secrets_;
  Effective effective_;
};

void Merger::add_version(const ModelVersion& version) {
  const auto declared = file_.routes.find(version.model_type);
  if (declared != file_.routes.end() && declared->second.versions.contains(version.version)) {
    return warn(version, "the configuration file declares it too, and wins");
  }
  if (!config::is_route_name(version.model_type)) {
    return warn(version, "its model type is no route's name; left out");
  }
  config::Version made;
  made.targets = add_targets(version);
  made.active = version.active;
  if (made.targets.empty() && !version.targets.empty()) {
    return warn(version, "none of its targets can be used; left out");
  }
  if (made.targets.empty() && version.active) warn(version, "it has no target to send to");
  made.is_default = version.is_default && version.active;
  if (const std::string* name = file_default(file_, version.model_type);
      name != nullptr && made.is_default) {
    made.is_default = false;
    warn(version, "the configuration file makes " + *name + " the default, and wins");
  }
  effective_.settings.routes[version.model_type].versions[version.version] = std::move(made);
}

std::vector<std::string> Merger::add_targets(const ModelVersion& version) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < version.targets.size(); ++i) {
    const VersionTarget& target = version.targets[i];
    const std::string name = target.name.empty() ? inline_target_name(version, i) : target.name;
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    if (target.name.empty()) {
      if (!add_inline_target(version, target, name)) continue;
    } else if (!file_.targets.contains(name)) {
      warn(version, "the configuration has no target `" + name + "` any more; left out");
      continue;
    }
    names.push_back(name);
  }
  return names;
}

bool Merger::add_inline_target(const ModelVersion& version, const VersionTarget& target,
                               const std::string& name) {
  if (const auto problem = config::problem_of_url(target.url)) {
    warn(version, "the target's url " + *problem + "; left out");
    return false;
  }
  if (auto may = check_secret_allowed(target.api_key_ref, target.url, file_); !may) {
    warn(version, may.error().message + " Its target is left out.");
    return false;
  }
  auto secret = resolve_secret(target.api_key_ref, secrets_);
  if (!secret) {
    warn(version, secret.error().message + " Its target is left out.");
    return false;
  }
  config::Target made;
  made.url = target.url;
  made.model = target.model;
  made.protocol = target.protocol;
  made.api_key = std::move(*secret);
  made.price = target.price;
  made.allow_private = target.allow_private;
  const bool fresh = effective_.settings.targets.try_emplace(name, std::move(made)).second;
  if (!fresh) warn(version, "the configuration has a target named `" + name + "`; left out");
  return fresh;
}

/// Whether the file, and the tests that came before, leave the route to it.
bool Merger::takes_over(const AbTest& test) {
  const bool is_active = test.status == ExperimentStatus::active;
  const auto route = file_.routes.find(test.model_type);
  if (route != file_.routes.end() && route->second.experiment) {
    const config::Experiment& declared = *route->second.experiment;
    const bool wins = declared.status == ExperimentStatus::active ||
                      (declared.status == ExperimentStatus::paused && !is_active);
    if (wins) {
      warn(test, "the experiment `" + declared.name + "` of the configuration file wins");
      return false;
    }
  }
  const auto other = effective_.tests.find(test.model_type);
  if (other == effective_.tests.end()) return true;
  const bool other_is_active = other->second.status == ExperimentStatus::active;
  if (is_active && !other_is_active) return true;
  warn(test, "`" + other->second.name + "` runs on the route already; left out");
  return false;
}

bool Merger::is_servable(const std::string& route, const std::string& version) const {
  const auto& routes = effective_.settings.routes;
  const auto known = routes.find(route);
  if (known == routes.end()) return false;
  const auto found = known->second.versions.find(version);
  return found != known->second.versions.end() && found->second.active;
}

std::string Merger::problem_of(const AbTest& test) const {
  for (const Arm& arm : test.arms) {
    if (!is_servable(test.model_type, arm.version)) {
      return "version " + arm.version + " of its variant `" + arm.name +
             "` does not exist or is inactive; left out";
    }
  }
  if (test.arms.size() < 2) return "it has fewer than two variants; left out";
  if (test.table == nullptr) return "it runs without a slot table; left out";
  return {};
}

void Merger::add_test(const AbTest& test) {
  const bool holds_paused = test.status == ExperimentStatus::paused && !test.gave_way;
  if (test.status != ExperimentStatus::active && !holds_paused) return;
  if (test.origin == Origin::config || !takes_over(test)) return;
  if (const std::string problem = problem_of(test); !problem.empty()) return warn(test, problem);
  config::Experiment made;
  made.name = record_name(test);
  made.status = test.status;
  for (const Arm& arm : test.arms) {
    made.variants[arm.name] = arm.version;
    made.split[arm.name] = arm.weight * 100;
  }
  AbTest kept = test;
  if (test.mirror && !is_servable(test.model_type, test.mirror->version)) {
    warn(test, "the mirrored version " + test.mirror->version +
                   " does not exist or is inactive; not mirrored");
    kept.mirror.reset();
  }
  made.mirror = kept.mirror;
  effective_.settings.routes.at(test.model_type).experiment = std::move(made);
  effective_.tests.insert_or_assign(test.model_type, std::move(kept));
}

}  // namespace

std::string inline_target_name(const ModelVersion& version, std::size_t number) {
  return "version:" + version.id + "#" + std::to_string(number);
}

Effective effective_settings(const config::Settings& file, std::span<const ModelVersion> versions,
                             std::span<const AbTest> tests, const SecretSource& secrets) {
  Merger merger(file, secrets);
  for (const ModelVersion& version : versions) {
    if (version.origin == Origin::api) merger.add_version(version);
  }
  for (const AbTest& test : tests) merger.add_test(test);
  return merger.take();
}

}  // namespace tallygate::registry
