#include "router/plan.h"

#include <algorithm>
#include <string>

#include "base/hash.h"
#include "router/assign.h"
#include "router/blacklist.h"
#include "router/selection/auto_pool.h"

namespace tallygate::router {
namespace {

constexpr std::size_t kMaxQuotedBytes = 100;

/// Client text for a message, cut between characters. Escaping is the renderer's.
std::string quoted(std::string_view text) {
  if (text.size() <= kMaxQuotedBytes) return "`" + std::string(text) + "`";
  std::size_t end = kMaxQuotedBytes;
  const auto is_continuation = [&](std::size_t at) { return (text[at] & 0xC0) == 0x80; };
  while (end > kMaxQuotedBytes - 4 && is_continuation(end)) --end;
  return "`" + std::string(text.substr(0, end)) + "...`";
}

Error model_error(std::string_view model, const char* what) {
  return make_error(Errc::model_not_found, "the model " + quoted(model) + what, "model");
}

Error no_candidate(const RequestFacts& facts, bool is_protocol_at_fault) {
  const std::string subject = "the model " + quoted(facts.model);
  if (!is_protocol_at_fault) {
    return make_error(Errc::no_healthy_upstream, subject + " has no target", "model");
  }
  const bool is_openai = facts.protocol == config::Protocol::openai;
  return make_error(Errc::protocol_mismatch,
                    subject + (is_openai ? " has no target that speaks the OpenAI protocol; "
                                           "send it to POST /v1/messages"
                                         : " has no target that speaks the Anthropic protocol; "
                                           "send it to POST /v1/chat/completions"),
                    "model");
}

Error no_pool_candidate(const PoolView& view, const RequestFacts& facts) {
  const bool is_openai = facts.protocol == config::Protocol::openai;
  RequestFacts other = facts;
  other.protocol = is_openai ? config::Protocol::anthropic : config::Protocol::openai;
  for (const AutoCandidate& candidate : view.pool->candidates) {
    if (may_serve(candidate, other)) return no_candidate(facts, true);
  }
  const std::string type(to_string(facts.conversation));
  return model_error(facts.model, (" has no candidate for " + type + " requests").c_str());
}

template <class Map>
std::uint32_t index_in(const Map& map, std::string_view name) {
  const auto found = map.find(name);
  return found == map.end() ? kNoIndex : found->second;
}

std::size_t scaled(std::uint64_t dice, std::size_t count) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>((Wide{dice} * count) >> 64);
}

/// The version that `facts.unit` gets on `route`, with the assignment noted if it counts.
VersionIndex assigned_version(const Snapshot& snapshot, const Route& route, std::string_view unit,
                              Assignment& assignment) {
  if (route.experiment == kNoIndex || unit.empty()) return route.default_version;
  const Experiment& experiment = snapshot.experiments[route.experiment];
  const auto is_active = [&](VersionIndex index) { return snapshot.versions[index].active; };
  if (experiment.paused) {
    const VersionIndex control = experiment.variants.front();
    return is_active(control) ? control : route.default_version;
  }
  const std::uint16_t slot = slot_of(hash_unit(unit, experiment.salt));
  const std::uint8_t variant = (*experiment.table)[slot];
  if (variant == kNoneSlot) return route.default_version;
  const VersionIndex version = experiment.variants[variant];
  if (!is_active(version)) return route.default_version;
  assignment.experiment = experiment.name;
  assignment.variant_name = experiment.variant_names[variant];
  assignment.epoch = experiment.epoch;
  assignment.slot = slot;
  assignment.variant = variant;
  assignment.max_latency = experiment.max_latency;
  return version;
}

/// The version that gets a copy of a request for `served`; 0 = none.
NameId mirror_of(const Snapshot& snapshot, const Route& route, VersionIndex served,
                 std::uint64_t dice) {
  if (route.experiment == kNoIndex) return 0;
  const Experiment& experiment = snapshot.experiments[route.experiment];
  if (experiment.mirror == kNoIndex || experiment.mirror == served || experiment.paused) return 0;
  const Version& mirror = snapshot.versions[experiment.mirror];
  // The first pick among targets reads the high bits of the dice: mixed, the two are independent.
  const std::uint64_t mixed = hash64({reinterpret_cast<const char*>(&dice), sizeof dice}, 0);
  return mirror.active && mixed < experiment.mirror_below ? mirror.name : 0;
}

/// Collects a plan's candidates: the usable ones go into the plan, the benched and the cooling ones
/// are kept aside for the case that there is nothing else.
class Collector {
 public:
  Collector(const Snapshot& snapshot, HealthView health, config::Protocol protocol, SteadyTime now,
            Plan& plan)
      : snapshot_(snapshot), health_(health), protocol_(protocol), now_(now), plan_(plan) {}

  /// Adds the targets of `version`, beginning with number `first` and wrapping around.
  void add(const Version& version, std::size_t first) {
    const std::size_t count = version.targets.size();
    for (std::size_t i = 0; i < count && plan_.candidate_count < kMaxPlanTargets; ++i) {
      const std::size_t at = first + i < count ? first + i : first + i - count;
      add_target(version, snapshot_.targets[version.targets[at]]);
    }
  }

  /// Nothing usable: the others in order, led by the one that is back first.
  void settle_for_benched() {
    plan_.degraded = benched_count_ > 0;
    plan_.candidates = benched_;
    plan_.candidate_count = benched_count_;
    const auto begin = plan_.candidates.begin();
    if (benched_count_ > 0) std::rotate(begin, begin + leader_, begin + leader_ + 1);
  }

  bool is_full() const { return plan_.candidate_count == kMaxPlanTargets; }
  bool saw_other_protocol() const { return saw_other_protocol_; }

 private:
  void add_target(const Version& version, const Target& target) {
    if (target.protocol != protocol_) {
      saw_other_protocol_ = true;
      return;
    }
    if (is_known(target.slot)) return;
    const Candidate candidate{target.slot, target.name, version.name,
                              snapshot_.routes[version.route].name};
    const HealthState state =
        health_.of == nullptr ? HealthState{} : health_.of(health_.board, target.slot);
    if (health_.of == nullptr || is_usable(state, now_)) {
      plan_.candidates[plan_.candidate_count++] = candidate;
    } else if (benched_count_ < kMaxPlanTargets) {
      if (benched_count_ == 0 || back_at(state) < earliest_) {
        earliest_ = back_at(state);
        leader_ = benched_count_;
      }
      benched_[benched_count_++] = candidate;
    }
  }

  bool is_known(TargetSlot slot) const {
    const auto has_slot = [slot](const Candidate& other) { return other.slot == slot; };
    return std::any_of(plan_.candidates.begin(), plan_.candidates.begin() + plan_.candidate_count,
                       has_slot) ||
           std::any_of(benched_.begin(), benched_.begin() + benched_count_, has_slot);
  }

  const Snapshot& snapshot_;
  const HealthView health_;
  const config::Protocol protocol_;
  const SteadyTime now_;
  Plan& plan_;
  std::array<Candidate, kMaxPlanTargets> benched_;
  std::uint8_t benched_count_ = 0;
  std::uint8_t leader_ = 0;
  SteadyTime earliest_{};
  bool saw_other_protocol_ = false;
};

/// Lets the leading version's usable targets begin with a random one.
void spread_first_pick(Plan& plan, std::uint64_t dice) {
  const auto begin = plan.candidates.begin();
  const auto group_end =
      std::find_if(begin, begin + plan.candidate_count, [&](const Candidate& other) {
        return other.version != begin->version || other.route != begin->route;
      });
  const auto pick = begin + static_cast<std::ptrdiff_t>(
                                scaled(dice, static_cast<std::size_t>(group_end - begin)));
  std::rotate(begin, pick, group_end);
}

/// What a request asks for, and the pool that chose it if one did.
struct Start {
  ResolvedModel model;
  PoolView view;  ///< pool null = the client named a model
  std::uint32_t candidate = kNoIndex;
};

Result<Start> find_start(const Snapshot& snapshot, const RequestFacts& facts) {
  if (!is_auto(facts.model)) {
    const auto named = resolve_model(snapshot, facts.model);
    if (!named) return named.error();
    return Start{*named, {}, kNoIndex};
  }
  const auto view = find_pool(snapshot, facts.model, facts.criterion);
  if (!view) return view.error();
  const Lead lead = find_lead(snapshot, *view, facts);
  if (lead.candidate == kNoIndex) return no_pool_candidate(*view, facts);
  return Start{{view->pool->candidates[lead.candidate].route, lead.version}, *view, lead.candidate};
}

/// The targets of a pool's other candidates, best first.
void add_next_best(const Snapshot& snapshot, const Start& start, const RequestFacts& facts,
                   Collector& collector) {
  for (const std::uint32_t index : start.view.order()) {
    if (collector.is_full()) return;
    const AutoCandidate& candidate = start.view.pool->candidates[index];
    if (index == start.candidate || !may_serve(candidate, facts)) continue;
    const VersionIndex version = candidate.version != kNoIndex
                                     ? candidate.version
                                     : snapshot.routes[candidate.route].default_version;
    collector.add(snapshot.versions[version], 0);
  }
}

}  // namespace

Result<ResolvedModel> resolve_model(const Snapshot& snapshot, std::string_view model) {
  if (is_auto(model)) {
    const auto view = find_pool(snapshot, model, std::nullopt);
    if (!view) return view.error();
    const AutoCandidate& best = view->pool->candidates[view->order().front()];
    return ResolvedModel{best.route, best.version};
  }
  const RouteIndex whole = index_in(snapshot.route_by_name, model);
  if (whole != kNoIndex) return ResolvedModel{whole, kNoIndex};
  bool is_route_known = false;
  for (const char separator : {'@', ':'}) {
    const std::size_t at = model.rfind(separator);
    if (at == std::string_view::npos) continue;
    const RouteIndex route = index_in(snapshot.route_by_name, model.substr(0, at));
    if (route == kNoIndex) continue;
    is_route_known = true;
    const VersionIndex version = index_in(snapshot.routes[route].versions, model.substr(at + 1));
    if (version == kNoIndex) continue;
    if (!snapshot.versions[version].active) {
      return model_error(model, " is a version that is not active; see GET /v1/models");
    }
    return ResolvedModel{route, version};
  }
  return model_error(model, is_route_known ? " names a version that does not exist; see GET "
                                             "/v1/models"
                                           : " does not exist; see GET /v1/models");
}

Result<Plan> plan_route(const Snapshot& snapshot, HealthView health, const RequestFacts& facts,
                        SteadyTime now, std::uint64_t dice) {
  const auto start = find_start(snapshot, facts);
  if (!start) return start.error();
  const ResolvedModel& model = start->model;
  const Route& route = snapshot.routes[model.route];
  Plan plan;
  plan.by_pool = start->view.pool != nullptr;
  plan.route = route.name;
  plan.timeouts = route.timeouts;
  if (!facts.unit.empty()) plan.assignment.unit_hash = hash_unit(facts.unit, 0);
  const VersionIndex index = model.version != kNoIndex
                                 ? model.version
                                 : assigned_version(snapshot, route, facts.unit, plan.assignment);
  if (index == kNoIndex) {
    return model_error(facts.model, " has no default version; name one as model@version");
  }
  const Version& version = snapshot.versions[index];
  if (!version.active) {
    return model_error(facts.model, " is served by a version that is not active");
  }
  plan.version = version.name;
  if (model.version == kNoIndex) plan.mirror = mirror_of(snapshot, route, index, dice);

  Collector collector(snapshot, health, facts.protocol, now, plan);
  // More targets than a plan holds: begin anywhere, or the last ones would never get a request.
  const bool is_crowded = version.targets.size() > kMaxPlanTargets;
  collector.add(version, is_crowded ? scaled(dice, version.targets.size()) : 0);
  if (plan.by_pool) add_next_best(snapshot, *start, facts, collector);
  for (const VersionIndex fallback : route.fallbacks) {
    const Version& next = snapshot.versions[fallback];
    collector.add(next, scaled(dice, next.targets.size()));
  }
  if (plan.candidate_count == 0) {
    collector.settle_for_benched();
  } else if (!is_crowded) {
    spread_first_pick(plan, dice);
  }
  if (plan.candidate_count == 0) return no_candidate(facts, collector.saw_other_protocol());
  return plan;
}

}  // namespace tallygate::router
