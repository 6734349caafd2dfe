#pragma once
// From the facts of a request to the ordered targets it may use: the decision of this product.
// Pure: no clock, no dice, no socket; what is random or timed is an argument. Plans are values and
// outlive the snapshot they came from.

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"
#include "router/record.h"
#include "router/selection/continuity.h"
#include "router/snapshot.h"

namespace tallygate::router {

/// What routing needs to know of a request; views into the request's own buffers.
struct RequestFacts {
  std::string_view model;  ///< as the client sent it, JSON escapes already undone
  std::string_view unit;   ///< empty = none: not enrolled
  config::Protocol protocol = config::Protocol::openai;
  Conversation conversation = Conversation::text_to_text;
  bool streamed = false;
  std::optional<config::Criterion> criterion = {};  ///< x-tallygate-optimize, for auto pools
  Served last_served = {};  ///< looked up if wants_continuity() (auto_pool.h) says so
};

struct Assignment {
  NameId experiment = 0;  ///< 0 = not enrolled
  NameId variant_name = 0;
  std::uint32_t epoch = 0;
  std::uint16_t slot = 0;
  std::uint8_t variant = kNoVariant;
  std::uint64_t unit_hash = 0;               ///< hash_unit(unit, 0); 0 = no unit
  std::chrono::milliseconds max_latency{0};  ///< of the experiment's criteria; 0 = no limit
};

struct Candidate {
  TargetSlot slot = 0;
  NameId target = 0;
  NameId version = 0;
  NameId route = 0;
};

struct Plan {
  NameId route = 0;
  NameId version = 0;  ///< assigned
  NameId mirror = 0;   ///< version of the route that gets a copy, 0 = none
  Assignment assignment;
  std::array<Candidate, kMaxPlanTargets> candidates;
  std::uint8_t candidate_count = 0;
  bool by_pool = false;        ///< an auto pool chose: continuity wants to know what serves
  bool degraded = false;       ///< none may be used: the one that is back first leads
  std::uint32_t timeouts = 0;  ///< index into the snapshot's timeouts
};

/// What the worker reads from the HealthBoard for one target.
struct HealthState {
  SteadyTime benched_until{};  ///< SteadyTime{} = not benched
  std::uint32_t failures_in_row = 0;
  SteadyTime cooling_until{};  ///< after a 429; in the past = no more
  bool on_trial = false;       ///< a request is finding out whether it has recovered
};
/// Non-owning: valid during the call only.
using HealthOf = HealthState (*)(const void* board, TargetSlot slot);
struct HealthView {
  const void* board = nullptr;
  HealthOf of = nullptr;  ///< null = everything is healthy
};

/// The route and version that a `model` names: exact route, then the last '@', then the last ':'.
/// An auto pool stands for its best candidate (auto_pool.h).
struct ResolvedModel {
  RouteIndex route = kNoIndex;
  VersionIndex version = kNoIndex;  ///< kNoIndex = none named: assignment decides
};
Result<ResolvedModel> resolve_model(const Snapshot& snapshot, std::string_view model);

/// Of an auto pool, the best candidate that speaks the protocol and has the conversation type is
/// planned as if the client had named it; the next best follow its targets, before its fallbacks.
/// Errors: model_not_found (unknown route, version or pool, inactive version, no default),
/// protocol_mismatch (only targets of another protocol), no_healthy_upstream (no target at all).
Result<Plan> plan_route(const Snapshot& snapshot, HealthView health, const RequestFacts& facts,
                        SteadyTime now, std::uint64_t dice);

}  // namespace tallygate::router
