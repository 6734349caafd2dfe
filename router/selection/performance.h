#pragma once
// What was measured of each version, gathered from tallies. A value.

#include <map>
#include <span>
#include <tuple>

#include "router/selection/rank.h"
#include "router/tally/tally.h"

namespace tallygate::router {

class Performance {
 public:
  /// Counts keys of the kind `performance`; others are ignored.
  void add(const TallyKey& key, const Totals& totals);

  /// The evidence of a version that is served by `targets`: what it served from them, and what
  /// failed on them before any version served. What another route's targets served in its stead is
  /// no evidence of it, even if the versions have one name.
  Measured of(NameId route, NameId version, std::span<const NameId> targets) const;

 private:
  std::map<std::tuple<NameId, NameId, NameId>, Measured> evidence_;  ///< route, version, target
};

}  // namespace tallygate::router
