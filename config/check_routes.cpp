#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "config/check.h"
#include "config/yaml/scalars.h"
#include "config/yaml/unicode.h"

namespace tallygate::config {
namespace {

using yaml::Decoder;
using yaml::excerpt;

// Percentages are decimals such as 33.3, whose sums are off by a few units in the last place.
constexpr double kSplitTolerance = 1e-6;
constexpr std::size_t kMaxVariants = 16;

/// Reports each entry that occurred before.
void check_unique(const std::string& where, const std::vector<std::string>& list,
                  Decoder& decoder) {
  std::set<std::string_view> seen;
  for (const std::string& entry : list) {
    if (entry.empty() || seen.insert(entry).second) continue;
    decoder.report(fmt::format("{}: `{}` is listed twice", where, excerpt(entry)), entry);
  }
}

void check_versions(const Settings& settings, const std::string& route_name, const Route& route,
                    Decoder& decoder) {
  const std::string path = "routes." + route_name + ".versions";
  if (route.versions.empty() && decoder.sound(route.versions)) {
    decoder.report(path + ": a route needs at least one version", route.versions);
  }
  const std::string* first_default = nullptr;
  for (const auto& [name, version] : route.versions) {
    const std::string where = path + "." + name;
    check_unique(where + ".targets", version.targets, decoder);
    for (const std::string& target : version.targets) {
      if (target.empty() || settings.targets.contains(target)) continue;
      decoder.report(fmt::format("{}.targets: there is no target `{}`{}", where, excerpt(target),
                                 decoder.suggest_key(target, settings.targets)),
                     target);
    }
    if (!version.is_default) continue;
    if (first_default != nullptr) {
      decoder.report(fmt::format("{}: version {} is the default already; a route has at most one",
                                 where, *first_default),
                     version.is_default);
    } else {
      first_default = &name;
    }
    if (!version.active) {
      decoder.report(where + ": the default version must be active", version.active);
    }
  }
}

/// Why `model` names nothing that can serve; "" if it does. The order of api.md: a route's exact
/// name first, then what stands before the last @.
std::string problem_of_model(const Settings& settings, const std::string& model,
                             const Decoder& decoder) {
  if (const auto route = settings.routes.find(model); route != settings.routes.end()) {
    for (const auto& [name, version] : route->second.versions) {
      if (version.is_default) return {};
    }
    return fmt::format("the route `{}` has no default version; name one, as in {}@1.0.0",
                       excerpt(model), excerpt(model));
  }
  const std::size_t at = model.rfind('@');
  const std::string route_name = model.substr(0, at);
  const auto route = settings.routes.find(route_name);
  if (at == std::string::npos || route == settings.routes.end()) {
    return fmt::format("there is no route `{}`{}", excerpt(route_name),
                       decoder.suggest_key(route_name, settings.routes));
  }
  const std::string version = model.substr(at + 1);
  if (route->second.versions.contains(version)) return {};
  return fmt::format("the route `{}` has no version `{}`{}", excerpt(route_name), excerpt(version),
                     decoder.suggest_key(version, route->second.versions));
}

void check_models(const Settings& settings, const std::string& where,
                  const std::vector<std::string>& models, Decoder& decoder) {
  check_unique(where, models, decoder);
  for (const std::string& model : models) {
    if (model.empty()) continue;
    const std::string problem = problem_of_model(settings, model, decoder);
    if (!problem.empty()) decoder.report(where + ": " + problem, model);
  }
}

/// An experiment may only send traffic to versions that exist and take it.
void check_version_use(const std::string& where, const Route& route, const std::string& version,
                       Decoder& decoder) {
  if (version.empty()) return;
  const auto found = route.versions.find(version);
  if (found == route.versions.end()) {
    decoder.report(fmt::format("{}: the route has no version `{}`{}", where, version,
                               decoder.suggest_key(version, route.versions)),
                   version);
  } else if (!found->second.active) {
    decoder.report(fmt::format("{}: version {} is not active", where, version), version);
  }
}

void check_variants(const std::string& where, const Route& route, const Experiment& experiment,
                    Decoder& decoder) {
  const auto& variants = experiment.variants;
  if (!decoder.given(variants)) return;
  if (decoder.sound(variants)) {
    if (variants.size() < 2 || variants.size() > kMaxVariants) {
      decoder.report(fmt::format("{}.variants: an experiment compares from 2 to {} variants", where,
                                 kMaxVariants),
                     variants);
    } else if (!variants.contains("a")) {
      decoder.report(where + ".variants: one variant must be named `a`, the control", variants);
    }
  }
  std::map<std::string_view, std::string_view> variant_of;
  for (const auto& [name, version] : variants) {
    check_version_use(where + ".variants." + name, route, version, decoder);
    const auto [first, fresh] = variant_of.try_emplace(version, name);
    if (!fresh && !version.empty()) {
      decoder.report(fmt::format("{}.variants.{}: variant {} has version {} already; the versions "
                                 "must differ",
                                 where, name, first->second, version),
                     version);
    }
  }
}

void check_split(const std::string& where, const Experiment& experiment, Decoder& decoder) {
  const auto& split = experiment.split;
  if (!decoder.sound(split)) return;
  double sum = 0;
  for (const auto& [name, percent] : split) {
    sum += percent;
    if (!decoder.sound(experiment.variants) || experiment.variants.contains(name)) continue;
    decoder.report(fmt::format("{}.split: there is no variant `{}`{}", where, name,
                               decoder.suggest_key(name, experiment.variants)),
                   name);
  }
  for (const auto& [name, version] : experiment.variants) {
    if (split.contains(name)) continue;
    decoder.report(
        fmt::format("{}.split: variant `{}` has no share; write 0 for none", where, name), split);
  }
  if (std::abs(sum - 100) > kSplitTolerance) {
    decoder.report(
        fmt::format("{}.split: the shares sum to {}, not to 100", where, yaml::render_number(sum)),
        split);
  }
}

void check_experiment(const std::string& where, const Route& route, const Experiment& experiment,
                      Decoder& decoder) {
  check_variants(where, route, experiment, decoder);
  check_split(where, experiment, decoder);
  if (!experiment.mirror) return;
  check_version_use(where + ".mirror.version", route, experiment.mirror->version, decoder);
}

/// Headers, records, metrics and counts of users know an experiment by its name alone.
void check_experiment_names(const Settings& settings, Decoder& decoder) {
  std::map<std::string_view, std::string_view> route_of;
  for (const auto& [name, route] : settings.routes) {
    if (!route.experiment || route.experiment->name.empty()) continue;
    const auto [other, is_new] = route_of.try_emplace(route.experiment->name, name);
    if (is_new) continue;
    decoder.report(fmt::format("routes.{}.experiment.name: the experiment of the route `{}` has "
                               "this name already; give each its own",
                               name, excerpt(std::string(other->second))),
                   route.experiment->name);
  }
}

void check_pool(const Settings& settings, const std::string& name, const AutoPool& pool,
                Decoder& decoder) {
  const std::string where = "auto." + name;
  check_models(settings, where + ".candidates", pool.candidates, decoder);
  for (const auto& [candidate, priors] : pool.priors) {
    const auto& list = pool.candidates;
    if (std::find(list.begin(), list.end(), candidate) != list.end()) continue;
    decoder.report(fmt::format("{}.priors: `{}` is none of the candidates{}", where,
                               excerpt(candidate), decoder.suggestion(candidate, list)),
                   candidate);
  }
}

}  // namespace

void check_routes(const Settings& settings, Decoder& decoder) {
  for (const auto& [name, route] : settings.routes) {
    check_versions(settings, name, route, decoder);
    check_models(settings, "routes." + name + ".fallbacks", route.fallbacks, decoder);
    if (!route.experiment) continue;
    check_experiment("routes." + name + ".experiment", route, *route.experiment, decoder);
  }
  check_experiment_names(settings, decoder);
  for (const auto& [name, pool] : settings.auto_pools) check_pool(settings, name, pool, decoder);
}

}  // namespace tallygate::config
