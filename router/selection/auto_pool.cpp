#include "router/selection/auto_pool.h"

#include <algorithm>
#include <tuple>

#include "router/selection/fallbacks.h"

namespace tallygate::router {
namespace {

using config::Criterion;

constexpr std::string_view kDefaultPool = "default";
constexpr std::array<std::string_view, kCriterionCount> kCriterionNames{
    "cost", "accuracy", "creativity", "speed", "continuity"};

RankMetric metric_of(Criterion criterion) {
  switch (criterion) {
    case Criterion::cost: return RankMetric::cost;
    case Criterion::accuracy: return RankMetric::accuracy;
    case Criterion::creativity: return RankMetric::creativity;
    case Criterion::speed: return RankMetric::speed;
    case Criterion::continuity: break;
  }
  return RankMetric::overall;
}

template <class Enum>
std::uint32_t bit_of(Enum value) {
  return std::uint32_t{1} << static_cast<unsigned>(value);
}

std::uint32_t conversations_of(const config::Settings& settings, std::string_view model) {
  auto route = settings.routes.find(std::string(model));
  if (route == settings.routes.end()) {
    route = settings.routes.find(std::string(model.substr(0, model.rfind('@'))));
  }
  if (route == settings.routes.end() || route->second.conversation_types.empty()) return ~0U;
  const auto& names = route->second.conversation_types;
  std::uint32_t bits = 0;
  for (int i = 0; i < kConversationCount; ++i) {
    const auto type = static_cast<Conversation>(i);
    if (std::find(names.begin(), names.end(), to_string(type)) != names.end()) bits |= bit_of(type);
  }
  return bits;
}

std::optional<AutoCandidate> candidate_of(const Snapshot& snapshot,
                                          const config::Settings& settings,
                                          const std::string& model) {
  const auto resolved = resolve_model(snapshot, model);
  if (!resolved) return std::nullopt;
  const Route& route = snapshot.routes[resolved->route];
  const VersionIndex index =
      resolved->version != kNoIndex ? resolved->version : route.default_version;
  if (index == kNoIndex || !snapshot.versions[index].active) return std::nullopt;
  AutoCandidate candidate{resolved->route, resolved->version, 0, conversations_of(settings, model)};
  for (const TargetIndex target : snapshot.versions[index].targets) {
    candidate.protocols |= bit_of(snapshot.targets[target].protocol);
  }
  return candidate;
}

/// The version of `candidate` that is measured: of a route, its default.
const Version& measured_version(const Snapshot& snapshot, const AutoCandidate& candidate) {
  return snapshot
      .versions[candidate.version != kNoIndex ? candidate.version
                                              : snapshot.routes[candidate.route].default_version];
}

RankCandidate rank_candidate(const Snapshot& snapshot, const AutoCandidate& candidate,
                             const Performance& measured) {
  const Version& version = measured_version(snapshot, candidate);
  std::vector<NameId> targets;
  for (const TargetIndex target : version.targets) targets.push_back(snapshot.targets[target].name);
  const NameId route = snapshot.routes[candidate.route].name;
  return {measured.of(route, version.name, targets), {}};
}

void add_versions(const Snapshot& snapshot, AutoPool& pool, std::uint32_t index) {
  const AutoCandidate& candidate = pool.candidates[index];
  const Route& route = snapshot.routes[candidate.route];
  const auto add = [&](VersionIndex version) {
    const Served served{route.name, snapshot.versions[version].name};
    if (snapshot.versions[version].active) pool.versions.push_back({served, index, version});
  };
  if (candidate.version != kNoIndex) return add(candidate.version);
  for (const auto& [name, version] : route.versions) add(version);
}

auto sort_key(const AutoVersion& version) {
  return std::tuple(version.served.route, version.served.version, version.candidate);
}

AutoPool rank_pool(const Snapshot& snapshot, const config::Settings& settings,
                   const config::AutoPool& from, const Performance& measured) {
  AutoPool pool;
  pool.criterion = from.criterion;
  std::vector<RankCandidate> contenders;
  for (const std::string& model : from.candidates) {
    const auto candidate = candidate_of(snapshot, settings, model);
    if (!candidate) continue;
    const auto index = static_cast<std::uint32_t>(pool.candidates.size());
    pool.candidates.push_back(*candidate);
    add_versions(snapshot, pool, index);
    contenders.push_back(rank_candidate(snapshot, *candidate, measured));
    const auto priors = from.priors.find(model);
    if (priors != from.priors.end()) contenders.back().priors = priors_of(priors->second);
  }
  const auto assessments = assess(contenders);
  for (std::size_t i = 0; i < kCriterionCount; ++i) {
    pool.order[i] = ranking(assessments, metric_of(static_cast<Criterion>(i)));
  }
  std::sort(pool.versions.begin(), pool.versions.end(),
            [](const auto& a, const auto& b) { return sort_key(a) < sort_key(b); });
  return pool;
}

/// What stands behind "auto:"; empty for "auto".
std::string_view word_of(std::string_view model) {
  return model.substr(std::min<std::size_t>(model.size(), 5));
}

Error no_pool(const AutoPools* pools, std::string_view model) {
  const std::string example =
      "declare one in the configuration file, as in `auto: {default: {criterion: cost, "
      "candidates: [ROUTE, ROUTE@VERSION]}}`";
  if (pools == nullptr) {
    return make_error(Errc::model_not_found, "no auto pool is declared: " + example, "model");
  }
  const std::string_view word = word_of(model);
  if (word.empty() || parse_criterion(word)) {
    return make_error(Errc::model_not_found, "there is no auto pool `default`: " + example,
                      "model");
  }
  return make_error(Errc::model_not_found,
                    "what follows `auto:` is neither an auto pool nor one of cost, accuracy, "
                    "creativity, speed, continuity",
                    "model");
}

const AutoVersion* find_version(const AutoPool& pool, Served served) {
  const auto is_before = [](const AutoVersion& version, const Served& wanted) {
    return std::tie(version.served.route, version.served.version) <
           std::tie(wanted.route, wanted.version);
  };
  const auto found =
      std::lower_bound(pool.versions.begin(), pool.versions.end(), served, is_before);
  return found != pool.versions.end() && found->served == served ? &*found : nullptr;
}

}  // namespace

std::string_view to_string(Criterion criterion) {
  return kCriterionNames[static_cast<std::size_t>(criterion)];
}

std::optional<Criterion> parse_criterion(std::string_view text) {
  const auto found = std::find(kCriterionNames.begin(), kCriterionNames.end(), text);
  if (found == kCriterionNames.end()) return std::nullopt;
  return static_cast<Criterion>(found - kCriterionNames.begin());
}

Priors priors_of(const std::map<std::string, double>& by_criterion) {
  const auto prior = [&](Criterion criterion) -> std::optional<double> {
    const auto found = by_criterion.find(std::string(to_string(criterion)));
    if (found == by_criterion.end()) return std::nullopt;
    return found->second;
  };
  return {prior(Criterion::cost), prior(Criterion::accuracy), prior(Criterion::creativity),
          prior(Criterion::speed)};
}

std::shared_ptr<const AutoPools> rank_pools(const Snapshot& snapshot,
                                            const config::Settings& settings,
                                            const Performance& measured) {
  if (settings.auto_pools.empty()) return nullptr;
  auto pools = std::make_shared<AutoPools>();
  for (const auto& [name, pool] : settings.auto_pools) {
    pools->by_name.emplace(name, rank_pool(snapshot, settings, pool, measured));
  }
  return pools;
}

std::shared_ptr<const Snapshot> rank_again(const std::shared_ptr<const Snapshot>& snapshot,
                                           const config::Settings& settings,
                                           const Performance& measured, std::uint64_t generation) {
  std::shared_ptr<Snapshot> next;
  const auto change = [&]() -> Snapshot& {
    if (next == nullptr) next = std::make_shared<Snapshot>(*snapshot);
    return *next;
  };
  auto pools = rank_pools(*snapshot, settings, measured);
  const bool same_pools =
      pools == nullptr || (snapshot->auto_pools != nullptr && *snapshot->auto_pools == *pools);
  if (!same_pools) change().auto_pools = std::move(pools);
  RouteIndex index = 0;
  for (const auto& [name, from] : settings.routes) {
    const Route& route = snapshot->routes[index];
    auto fallbacks = rank_fallbacks(*snapshot, route.name, from, measured);
    if (fallbacks != route.fallbacks) change().routes[index].fallbacks = std::move(fallbacks);
    ++index;
  }
  if (next == nullptr) return snapshot;
  next->generation = generation;
  return next;
}

bool is_auto(std::string_view model) {
  return model.starts_with("auto") && (model.size() == 4 || model[4] == ':');
}

Result<PoolView> find_pool(const Snapshot& snapshot, std::string_view model,
                           std::optional<Criterion> asked) {
  const AutoPools* const pools = snapshot.auto_pools.get();
  if (pools == nullptr) return no_pool(pools, model);
  const std::string_view word = word_of(model);
  auto found = pools->by_name.find(word);
  const auto named = found == pools->by_name.end() ? parse_criterion(word) : std::nullopt;
  if (word.empty() || named) found = pools->by_name.find(kDefaultPool);
  if (found == pools->by_name.end()) return no_pool(pools, model);
  const AutoPool& pool = found->second;
  if (pool.candidates.empty()) {
    return make_error(Errc::model_not_found,
                      "no candidate of the auto pool `" + found->first + "` is active", "model");
  }
  return PoolView{&pool, named.value_or(asked.value_or(pool.criterion))};
}

bool wants_continuity(const Snapshot& snapshot, const RequestFacts& facts) {
  if (!is_auto(facts.model) || facts.unit.empty()) return false;
  const auto view = find_pool(snapshot, facts.model, facts.criterion);
  return view && view->criterion == Criterion::continuity;
}

bool may_serve(const AutoCandidate& candidate, const RequestFacts& facts) {
  return (candidate.protocols & bit_of(facts.protocol)) != 0 &&
         (candidate.conversations & bit_of(facts.conversation)) != 0;
}

Lead find_lead(const Snapshot& snapshot, const PoolView& view, const RequestFacts& facts) {
  const AutoPool& pool = *view.pool;
  if (view.criterion == Criterion::continuity && facts.last_served.version != 0) {
    const AutoVersion* const last = find_version(pool, facts.last_served);
    if (last != nullptr && may_serve(pool.candidates[last->candidate], facts)) {
      // An experiment keeps its units by itself, and must not lose any to what served them before.
      const AutoCandidate& candidate = pool.candidates[last->candidate];
      const bool is_in_test = snapshot.routes[candidate.route].experiment != kNoIndex;
      return {last->candidate, is_in_test ? candidate.version : last->version};
    }
  }
  for (const std::uint32_t index : view.order()) {
    if (may_serve(pool.candidates[index], facts)) return {index, pool.candidates[index].version};
  }
  return {};
}

}  // namespace tallygate::router
