#pragma once
// The immutable tables that workers route by. Built by control from config (and, later, catalog
// and tallies), then shared read-only by all workers. Building is pure: build_snapshot() takes the
// documents and a way to intern names and touches nothing else.

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "router/assign.h"
#include "router/experiment/running_test.h"
#include "router/record.h"

namespace tallygate::router {

/// A process-stable number of one upstream. Survives snapshots as long as the target's settings
/// stay the same; a changed target gets a new one. Index into HealthBoard and Worker's upstreams.
using TargetSlot = std::uint32_t;

struct Target {
  NameId name = 0;
  TargetSlot slot = 0;
  config::Protocol protocol = config::Protocol::openai;
};

using TargetIndex = std::uint32_t;
using VersionIndex = std::uint32_t;
using RouteIndex = std::uint32_t;
inline constexpr std::uint32_t kNoIndex = UINT32_MAX;

struct Version {
  NameId name = 0;  ///< "1.0.0"
  RouteIndex route = 0;
  bool active = true;
  std::vector<TargetIndex> targets;
};

/// What plan_route needs of an active or paused experiment.
struct Experiment {
  Uuid id;
  NameId name = 0;
  std::uint32_t epoch = 1;
  std::uint64_t salt = 0;
  bool paused = false;                       ///< everyone gets variant 0, uncounted
  std::chrono::milliseconds max_latency{0};  ///< what takes longer is counted; 0 = no limit
  std::shared_ptr<const SlotTable> table;
  std::vector<VersionIndex> variants;  ///< by variant index; 0 is control
  std::vector<NameId> variant_names;   ///< "a", "b", ...
  VersionIndex mirror = kNoIndex;      ///< gets copies of requests
  std::uint64_t mirror_below = 0;      ///< of 2^64: the share that is copied
};

/// Lets maps keyed by std::string be asked with a string_view, without a copy. What clients send is
/// only looked up, never inserted, so a fixed seed cannot be used to degrade the maps.
struct StringHash {
  using is_transparent = void;
  using is_avalanching = void;
  std::uint64_t seed = 0;
  std::size_t operator()(std::string_view text) const;
};

template <class Value>
using NameMap = boost::unordered_flat_map<std::string, Value, StringHash, std::equal_to<>>;

struct Route {
  NameId name = 0;
  VersionIndex default_version = kNoIndex;
  NameMap<VersionIndex> versions;
  std::vector<VersionIndex> fallbacks;  ///< active ones only, best first (selection/fallbacks.h)
  std::uint32_t experiment = kNoIndex;
  std::uint32_t timeouts = 0;  ///< index into Snapshot::timeouts; 0 = the general ones
};

struct AutoPools;
class Performance;

struct Snapshot {
  std::uint64_t generation = 0;
  std::vector<Target> targets;
  std::vector<Version> versions;
  std::vector<Route> routes;
  std::vector<Experiment> experiments;
  std::vector<config::Timeouts> timeouts;
  config::Retry retry;
  config::Blacklist blacklist;
  NameMap<RouteIndex> route_by_name;
  std::shared_ptr<const AutoPools> auto_pools;  ///< null = none declared
};

/// How build_snapshot names things: both are append-only tables that outlive every snapshot.
struct Naming {
  std::function<NameId(std::string_view)> intern;
  std::function<TargetSlot(const std::string& name, const config::Target&)> target_slot;
  std::uint64_t hash_seed = 0;  ///< of the snapshot's StringHash
};

/// `settings` has passed config::parse, so every reference in it resolves. Auto pools and fallbacks
/// are ranked by what was measured, or by priors and the file's order alone (null). With `tests`,
/// they are what is in force, and what the settings declare is not looked at; one whose versions
/// its route lacks is left out.
std::shared_ptr<const Snapshot> build_snapshot(const config::Settings& settings,
                                               std::uint64_t generation, const Naming& naming,
                                               const Performance* measured = nullptr,
                                               const RunningTests* tests = nullptr);

}  // namespace tallygate::router
