#include "router/snapshot.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/assert.h"
#include "base/hash.h"
#include "router/selection/auto_pool.h"
#include "router/selection/fallbacks.h"

namespace tallygate::router {
namespace {

using TargetNames = std::map<std::string_view, TargetIndex>;

template <class T>
std::uint32_t next_index(const std::vector<T>& items) {
  return static_cast<std::uint32_t>(items.size());
}

TargetNames add_targets(Snapshot& snapshot, const config::Settings& settings,
                        const Naming& naming) {
  TargetNames indexes;
  for (const auto& [name, target] : settings.targets) {
    indexes.emplace(name, next_index(snapshot.targets));
    snapshot.targets.push_back(
        {naming.intern(name), naming.target_slot(name, target), target.protocol});
  }
  return indexes;
}

void add_versions(Snapshot& snapshot, Route& route, const config::Route& from,
                  const TargetNames& targets, const Naming& naming) {
  for (const auto& [name, from_version] : from.versions) {
    const VersionIndex index = next_index(snapshot.versions);
    Version version{naming.intern(name), next_index(snapshot.routes), from_version.active, {}};
    for (const auto& target : from_version.targets) {
      const auto found = targets.find(target);
      TG_ASSERT(found != targets.end());
      version.targets.push_back(found->second);
    }
    snapshot.versions.push_back(std::move(version));
    route.versions.emplace(name, index);
    if (from_version.is_default) route.default_version = index;
  }
}

/// Control is "a" wherever it sorts, the others follow in the order of their names.
std::vector<std::string> variant_order(const config::Experiment& from) {
  std::vector<std::string> names;
  for (const auto& [name, version] : from.variants) names.push_back(name);
  std::stable_partition(names.begin(), names.end(), [](const auto& name) { return name == "a"; });
  return names;
}

std::uint64_t share_of_2_64(double share) {
  if (share >= 1) return UINT64_MAX;
  return share > 0 ? static_cast<std::uint64_t>(std::ldexp(share, 64)) : 0;
}

std::uint32_t add_experiment(Snapshot& snapshot, const std::string& route_name, const Route& route,
                             const config::Experiment& from, const Naming& naming) {
  const bool is_paused = from.status == config::ExperimentStatus::paused;
  if (from.status != config::ExperimentStatus::active && !is_paused) return kNoIndex;
  Experiment experiment;
  experiment.name = naming.intern(from.name);
  experiment.id = config_experiment_uuid(route_name, from.name);
  experiment.salt = salt_of(experiment.id);
  experiment.paused = is_paused;
  std::vector<double> weights;
  for (const auto& name : variant_order(from)) {
    const auto version = route.versions.find(from.variants.at(name));
    TG_ASSERT(version != route.versions.end());
    experiment.variants.push_back(version->second);
    experiment.variant_names.push_back(naming.intern(name));
    const auto share = from.split.find(name);
    weights.push_back(share == from.split.end() ? 0 : share->second);
  }
  if (from.mirror) {
    const auto version = route.versions.find(from.mirror->version);
    TG_ASSERT(version != route.versions.end());
    experiment.mirror = version->second;
    experiment.mirror_below = share_of_2_64(from.mirror->share);
  }
  experiment.table =
      std::make_shared<const SlotTable>(make_table(experiment.salt, slot_targets(weights)));
  snapshot.experiments.push_back(std::move(experiment));
  return next_index(snapshot.experiments) - 1;
}

/// kNoIndex when the route lacks a version of it.
std::uint32_t add_running(Snapshot& snapshot, const Route& route, const RunningTest& from,
                          const Naming& naming) {
  Experiment experiment;
  experiment.name = naming.intern(from.name);
  experiment.epoch = from.epoch;
  experiment.id = from.uuid;
  experiment.salt = salt_of(from.uuid);
  experiment.paused = from.paused;
  experiment.max_latency = from.max_latency;
  experiment.table = from.table;
  for (const RunningTest::Arm& arm : from.arms) {
    const auto version = route.versions.find(arm.version);
    if (version == route.versions.end()) return kNoIndex;
    experiment.variants.push_back(version->second);
    experiment.variant_names.push_back(naming.intern(arm.name));
  }
  if (from.mirror) {
    const auto version = route.versions.find(from.mirror->version);
    if (version != route.versions.end()) {
      experiment.mirror = version->second;
      experiment.mirror_below = share_of_2_64(from.mirror->share);
    }
  }
  snapshot.experiments.push_back(std::move(experiment));
  return next_index(snapshot.experiments) - 1;
}

void add_route(Snapshot& snapshot, const std::string& name, const config::Route& from,
               const TargetNames& targets, const Naming& naming, const RunningTests* tests) {
  Route route;
  route.name = naming.intern(name);
  route.versions = NameMap<VersionIndex>(from.versions.size(), StringHash{naming.hash_seed});
  add_versions(snapshot, route, from, targets, naming);
  if (tests != nullptr) {
    const auto running = tests->find(name);
    if (running != tests->end()) {
      route.experiment = add_running(snapshot, route, running->second, naming);
    }
  } else if (from.experiment) {
    route.experiment = add_experiment(snapshot, name, route, *from.experiment, naming);
  }
  if (from.timeouts) {
    route.timeouts = next_index(snapshot.timeouts);
    snapshot.timeouts.push_back(*from.timeouts);
  }
  snapshot.route_by_name.emplace(name, next_index(snapshot.routes));
  snapshot.routes.push_back(std::move(route));
}

}  // namespace

std::size_t StringHash::operator()(std::string_view text) const { return hash64(text, seed); }

std::shared_ptr<const Snapshot> build_snapshot(const config::Settings& settings,
                                               std::uint64_t generation, const Naming& naming,
                                               const Performance* measured,
                                               const RunningTests* tests) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->generation = generation;
  snapshot->retry = settings.retry;
  snapshot->blacklist = settings.blacklist;
  snapshot->timeouts.push_back(settings.timeouts);
  snapshot->route_by_name =
      NameMap<RouteIndex>(settings.routes.size(), StringHash{naming.hash_seed});
  const TargetNames targets = add_targets(*snapshot, settings, naming);
  for (const auto& [name, route] : settings.routes) {
    add_route(*snapshot, name, route, targets, naming, tests);
  }
  const Performance nothing;
  const Performance& known = measured == nullptr ? nothing : *measured;
  // Only now, since a fallback may name a route that sorts after its own.
  RouteIndex index = 0;
  for (const auto& [name, from] : settings.routes) {
    Route& route = snapshot->routes[index++];
    route.fallbacks = rank_fallbacks(*snapshot, route.name, from, known);
  }
  snapshot->auto_pools = rank_pools(*snapshot, settings, known);
  return snapshot;
}

}  // namespace tallygate::router
