#include "gateway/exchange/attempt/take_candidate.h"

#include <algorithm>

namespace tallygate {

const router::Candidate* take_candidate(Exchange& x) {
  HealthBoard& health = x.worker.shared().health;
  const SteadyTime now = x.worker.loop.now.steady;
  const auto first = x.plan.candidates.begin() + static_cast<std::ptrdiff_t>(x.next_candidate);
  const auto end = x.plan.candidates.begin() + x.plan.candidate_count;
  const auto open = std::find_if(first, end, [&](const router::Candidate& candidate) {
    return health.may_enter(candidate.slot, now, x.trial);
  });
  if (open != end) {
    std::rotate(first, open, open + 1);
  } else if (x.attempts.empty()) {
    x.plan.degraded = true;
    if (!x.mirror_of) x.worker.metrics.count_degraded();
  }
  ++x.next_candidate;
  return &*first;
}

}  // namespace tallygate
