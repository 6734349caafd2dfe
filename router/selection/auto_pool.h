#pragma once
// Pools behind the models "auto" and "auto:WORD": candidates in the order of each criterion, made
// on the control thread when a snapshot is built and at each ranking tick, only looked up by
// workers. Pure.
//
// "auto" is the pool `default`; in "auto:WORD" the word is the name of a pool or else a criterion
// for the pool `default`. The criterion is that of the model's word, else the request's own
// (x-tallygate-optimize), else the pool's.

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "router/plan.h"
#include "router/selection/continuity.h"
#include "router/selection/performance.h"
#include "router/snapshot.h"

namespace tallygate::router {

inline constexpr std::size_t kCriterionCount = 5;

std::string_view to_string(config::Criterion criterion);
std::optional<config::Criterion> parse_criterion(std::string_view text);

/// As config::AutoPool::priors has them for one candidate. There is none for continuity.
Priors priors_of(const std::map<std::string, double>& by_criterion);

/// One that takes traffic: an active version, or a route whose default is active.
struct AutoCandidate {
  RouteIndex route = 0;
  VersionIndex version = kNoIndex;  ///< kNoIndex = the route decides: its experiment, its default
  std::uint32_t protocols = 0;      ///< bit 1 << config::Protocol for each that its targets speak
  std::uint32_t conversations = 0;  ///< bit 1 << Conversation for each that its route is for
  bool operator==(const AutoCandidate&) const = default;
};

/// A version that some candidate of a pool may have served.
struct AutoVersion {
  Served served;
  std::uint32_t candidate = 0;  ///< index into AutoPool::candidates
  VersionIndex version = 0;
  bool operator==(const AutoVersion&) const = default;
};

struct AutoPool {
  config::Criterion criterion = config::Criterion::cost;
  std::vector<AutoCandidate> candidates;  ///< as declared
  /// By criterion: indexes into `candidates`, best first. Continuity has the overall order, for
  /// units of which nothing is remembered.
  std::array<std::vector<std::uint32_t>, kCriterionCount> order;
  std::vector<AutoVersion> versions;  ///< sorted by `served`
  bool operator==(const AutoPool&) const = default;
};

struct AutoPools {
  std::map<std::string, AutoPool, std::less<>> by_name;
  bool operator==(const AutoPools&) const = default;
};

/// The pools of `settings`, resolved in `snapshot` and ranked; null if none is declared.
std::shared_ptr<const AutoPools> rank_pools(const Snapshot& snapshot,
                                            const config::Settings& settings,
                                            const Performance& measured);

/// For the ranking tick: `snapshot` with its pools and fallbacks ranked anew, as `generation`;
/// `snapshot` itself if that changes no order. `settings` are those it was built from.
std::shared_ptr<const Snapshot> rank_again(const std::shared_ptr<const Snapshot>& snapshot,
                                           const config::Settings& settings,
                                           const Performance& measured, std::uint64_t generation);

/// Whether `model` asks for a pool: "auto" or "auto:...". No route has such a name.
bool is_auto(std::string_view model);

/// A pool as one request looks at it.
struct PoolView {
  const AutoPool* pool = nullptr;
  config::Criterion criterion = config::Criterion::cost;
  std::span<const std::uint32_t> order() const {
    return pool->order[static_cast<std::size_t>(criterion)];
  }
};

/// Errors: model_not_found (no such pool or criterion, or nothing in it takes traffic), in words
/// that say how to declare one.
Result<PoolView> find_pool(const Snapshot& snapshot, std::string_view model,
                           std::optional<config::Criterion> asked);

/// Whether the request's route depends on what served its unit last: whoever plans it looks that up
/// first, and puts it into facts.last_served.
bool wants_continuity(const Snapshot& snapshot, const RequestFacts& facts);

/// Whether `candidate` has a target and a route for this kind of request.
bool may_serve(const AutoCandidate& candidate, const RequestFacts& facts);

/// The candidate that leads, and the version that its unit stays on (kNoIndex = the route decides).
struct Lead {
  std::uint32_t candidate = kNoIndex;  ///< kNoIndex = none may serve
  VersionIndex version = kNoIndex;
};
Lead find_lead(const Snapshot& snapshot, const PoolView& view, const RequestFacts& facts);

}  // namespace tallygate::router
