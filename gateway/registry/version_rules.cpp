#include "gateway/registry/version_rules.h"

#include <algorithm>

#include "config/rules.h"
#include "config/url.h"
#include "config/yaml/near_miss.h"
#include "gateway/registry/file_versions.h"
#include "gateway/registry/host_rules.h"

namespace tallygate::registry {
namespace {

using config::ExperimentStatus;

Error broken(std::string message, std::string param) {
  return make_error(Errc::rule_broken, std::move(message), std::move(param));
}

Error conflict(std::string message, std::string param = {}) {
  return make_error(Errc::conflict, std::move(message), std::move(param));
}

Result<void> check_names(const ModelVersion& version) {
  if (!config::is_route_name(version.model_type)) {
    return broken(
        "modelType is a route's name: 1 to 256 bytes without white space and @, neither `auto` "
        "nor `auto:...`.",
        "modelType");
  }
  if (!config::is_semver(version.version)) {
    return broken("version must be a semantic version such as 1.4.0 or 2.0.0-rc.1 (semver.org).",
                  "version");
  }
  return {};
}

Result<void> check_named_target(const std::string& name, const config::Settings& file,
                                const std::string& where) {
  if (file.targets.contains(name)) return {};
  std::vector<std::string> known;
  for (const auto& [target, settings] : file.targets) known.push_back(target);
  const std::string hint = config::yaml::suggest(name, known);
  return broken("There is no target `" + name + "` in the configuration" +
                    (hint.empty() ? "; name one that is, or give it inline." : hint),
                where);
}

Result<void> check_inline_target(const VersionTarget& target, const config::Settings& file,
                                 const SecretSource& secrets, const std::string& where) {
  if (const auto problem = config::problem_of_url(target.url)) {
    return broken("The target's url " + *problem + ".", where + ".url");
  }
  if (auto allowed = check_host(target.url, target.allow_private, where + ".url"); !allowed) {
    return allowed;
  }
  if (target.model.empty()) {
    return broken("An inline target names the upstream's model.", where + ".model");
  }
  const auto allowed = check_secret_allowed(target.api_key_ref, target.url, file);
  if (!allowed) return broken(allowed.error().message, where + ".apiKeyRef");
  const auto secret = resolve_secret(target.api_key_ref, secrets);
  if (!secret) return broken(secret.error().message, where + ".apiKeyRef");
  return {};
}

/// Whether the file's experiment that runs on the route uses the version.
bool file_test_uses(const config::Experiment& test, const std::string& version) {
  if (test.status != ExperimentStatus::active && test.status != ExperimentStatus::paused) {
    return false;
  }
  if (test.mirror && test.mirror->version == version) return true;
  return std::any_of(test.variants.begin(), test.variants.end(),
                     [&](const auto& variant) { return variant.second == version; });
}

bool test_uses(const AbTest& test, const ModelVersion& version) {
  if (test.model_type != version.model_type) return false;
  if (test.status != ExperimentStatus::active && test.status != ExperimentStatus::paused) {
    return false;
  }
  if (test.mirror && test.mirror->version == version.version) return true;
  return std::any_of(test.arms.begin(), test.arms.end(),
                     [&](const Arm& arm) { return arm.version == version.version; });
}

}  // namespace

Result<void> check_version(const ModelVersion& version, const config::Settings& file) {
  if (auto fits = check_names(version); !fits) return fits;
  if (version.is_default && !version.active) {
    return broken("An inactive version cannot be the default: it takes no traffic.", "isDefault");
  }
  const auto route = file.routes.find(version.model_type);
  if (route == file.routes.end()) return {};
  if (route->second.versions.contains(version.version)) {
    return conflict("The configuration file declares version " + version.version + " of " +
                        version.model_type + " already: change it there, or take another version.",
                    "version");
  }
  if (const std::string* name = file_default(file, version.model_type);
      version.is_default && name != nullptr) {
    return conflict("The configuration file makes " + *name + " the default of " +
                        version.model_type + ": change the default there.",
                    "isDefault");
  }
  return {};
}

Result<void> check_targets(const ModelVersion& version, const config::Settings& file,
                           const SecretSource& secrets) {
  if (version.targets.size() > kMaxVersionTargets) {
    return broken("A version has at most " + std::to_string(kMaxVersionTargets) + " targets.",
                  "targets");
  }
  for (std::size_t i = 0; i < version.targets.size(); ++i) {
    const VersionTarget& target = version.targets[i];
    const std::string where = "targets[" + std::to_string(i) + "]";
    const auto fits = target.name.empty() ? check_inline_target(target, file, secrets, where)
                                          : check_named_target(target.name, file, where);
    if (!fits) return fits;
  }
  return {};
}

Result<void> check_unused(const ModelVersion& before, const ModelVersion* after,
                          const config::Settings& file, std::span<const AbTest> tests) {
  const bool stays = after != nullptr && (after->active || !before.active) &&
                     after->version == before.version && after->model_type == before.model_type;
  if (stays) return {};
  const std::string what = after == nullptr ? "deleted"
                           : !after->active ? "deactivated"
                                            : "renamed";
  std::string user;
  for (const AbTest& test : tests) {
    if (test_uses(test, before)) user = "`" + test.name + "` (" + to_string(test.id) + ")";
  }
  const auto route = file.routes.find(before.model_type);
  if (route != file.routes.end() && route->second.experiment &&
      file_test_uses(*route->second.experiment, before.version)) {
    user = "`" + route->second.experiment->name + "` of the configuration file";
  }
  if (user.empty()) return {};
  return conflict("The A/B test " + user + " runs with this version, so it cannot be " + what +
                  ": complete or cancel the test first.");
}

Error read_only(const ModelVersion& version) {
  return conflict("Version " + version.version + " of " + version.model_type +
                  " is declared in the configuration file: change it there.");
}

}  // namespace tallygate::registry
