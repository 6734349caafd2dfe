#include "router/selection/fallbacks.h"

#include <algorithm>

#include "router/plan.h"

namespace tallygate::router {
namespace {

/// What takes no traffic (an inactive version, a route without a default) is left out.
std::vector<VersionIndex> declared(const Snapshot& snapshot, const config::Route& from) {
  std::vector<VersionIndex> versions;
  for (const auto& fallback : from.fallbacks) {
    const auto resolved = resolve_model(snapshot, fallback);
    if (!resolved) continue;
    const VersionIndex version = resolved->version != kNoIndex
                                     ? resolved->version
                                     : snapshot.routes[resolved->route].default_version;
    if (version != kNoIndex && snapshot.versions[version].active) versions.push_back(version);
  }
  return versions;
}

RankCandidate evidence_of(const Snapshot& snapshot, NameId route, const Version& version,
                          const Performance& measured) {
  std::vector<NameId> targets;
  for (const TargetIndex target : version.targets) targets.push_back(snapshot.targets[target].name);
  RankCandidate candidate;
  const NameId own = snapshot.routes[version.route].name;
  candidate.evidence = measured.of(own, version.name, targets);
  if (own != route) candidate.evidence.add(measured.of(route, version.name, targets));
  return candidate;
}

}  // namespace

std::vector<VersionIndex> rank_fallbacks(const Snapshot& snapshot, NameId route,
                                         const config::Route& from, const Performance& measured) {
  const std::vector<VersionIndex> versions = declared(snapshot, from);
  if (versions.size() < 2) return versions;
  std::vector<RankCandidate> candidates;
  for (const VersionIndex version : versions) {
    candidates.push_back(evidence_of(snapshot, route, snapshot.versions[version], measured));
  }
  std::vector<VersionIndex> ranked;
  for (const std::uint32_t index : ranking(assess(candidates), RankMetric::overall)) {
    ranked.push_back(versions[index]);
  }
  return ranked;
}

bool has_fallbacks_to_rank(const config::Settings& settings) {
  return std::any_of(settings.routes.begin(), settings.routes.end(),
                     [](const auto& route) { return route.second.fallbacks.size() > 1; });
}

}  // namespace tallygate::router
