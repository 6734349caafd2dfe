#pragma once
// What a route falls back to, best first, by what was measured (rank.h): made on the control thread
// when a snapshot is built and at each ranking tick, only looked up by workers. Pure.

#include <vector>

#include "config/settings.h"
#include "router/selection/performance.h"
#include "router/snapshot.h"

namespace tallygate::router {

/// The versions behind `from.fallbacks` that take traffic: by their overall score, equal ones (such
/// as those of which nothing was measured) as the file has them. The evidence of one is what its
/// own route and `route`, which falls back to it, have seen of its targets.
std::vector<VersionIndex> rank_fallbacks(const Snapshot& snapshot, NameId route,
                                         const config::Route& from, const Performance& measured);

/// Whether any route has a choice of fallbacks, so that measuring is of use.
bool has_fallbacks_to_rank(const config::Settings& settings);

}  // namespace tallygate::router
