#pragma once
// What happens to A/B tests by itself: scheduled starts and ends, stages of a rollout, completion,
// rollback. Control calls it each second. Nothing is kept between two calls: what is due is seen
// from the documents, so each move happens once, also when the process died in between.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gateway/registry/experiments/ab_test.h"
#include "router/experiment/rollout.h"

namespace tallygate::registry {

struct TickInput {
  std::span<const AbTest> tests;           ///< all of the catalog
  std::span<const ModelVersion> versions;  ///< all, those of the file included
  /// The statistics' judgement of a test that is active; nullopt = nothing known yet.
  std::function<std::optional<router::Look>(const AbTest&)> look_at;
  /// Writes that make a model version its type's default.
  std::function<Result<std::vector<store::DocumentWrite>>(const std::string& version_id)> promote;
  WallTime now{};
};

/// To be written as one transaction, after which routing is published and the event shown.
struct TickMove {
  Uuid test;
  std::string action;  ///< of the audit trail: "start", "complete", "next stage", "roll back", ...
  std::string reason;  ///< in words
  std::vector<store::DocumentWrite> writes;
};

/// In the order of `tests`. A move sees those before it.
std::vector<TickMove> tick(const TickInput& input);

/// The move for people, as the data of an event.
std::string event_of(const TickMove& move);

}  // namespace tallygate::registry
