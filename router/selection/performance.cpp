#include "router/selection/performance.h"

namespace tallygate::router {

void Performance::add(const TallyKey& key, const Totals& totals) {
  if (key.kind != TallyKey::Kind::performance) return;
  evidence_[{key.route, key.version, key.target}].totals.merge(totals);
}

Measured Performance::of(NameId route, NameId version, std::span<const NameId> targets) const {
  Measured sum;
  const auto add_from = [&](NameId from_version, NameId target) {
    const auto found = evidence_.find({route, from_version, target});
    if (found != evidence_.end()) sum.add(found->second);
  };
  for (const NameId target : targets) {
    add_from(version, target);
    if (version != 0) add_from(0, target);
  }
  return sum;
}

}  // namespace tallygate::router
