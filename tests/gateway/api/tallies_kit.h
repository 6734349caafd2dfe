#pragma once
// What an AdminContext asks of the journal's tallies, answered from a set of them.

#include "gateway/api/admin.h"

namespace tallygate::api {

/// `tallies` must outlive `context`; what is put into it later counts.
inline void answer_from(const store::TallySet& tallies, AdminContext& context) {
  context.total = [&tallies] {
    router::Tally total;
    for (const auto& [key, tally] : tallies.entries) {
      if (key.kind == router::TallyKey::Kind::performance) total.merge(tally);
    }
    return total;
  };
  context.tallies_at = [&tallies](std::span<const router::TallyKey> keys) {
    store::TallySet found;
    for (const router::TallyKey& wanted : keys) {
      for (const auto& entry : tallies.entries) {
        if (entry.first == wanted) found.entries.push_back(entry);
      }
    }
    return found;
  };
  context.totals = [&tallies](const router::TallyFilter& filter) {
    store::TotalsSet totals;
    for (const auto& [key, tally] : tallies.entries) {
      if (filter.matches(key)) totals.entries.emplace_back(key, tally.totals());
    }
    return totals;
  };
}

}  // namespace tallygate::api
