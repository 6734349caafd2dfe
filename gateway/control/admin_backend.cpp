#include "gateway/control/admin_backend.h"

#include <algorithm>
#include <random>

#include "gateway/api/operation/store_readiness.h"
#include "gateway/control/upkeep/blacklist_keeper.h"
#include "gateway/worker_clock.h"
#include "store/tally/unit_counts.h"

namespace tallygate {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

Uuid make_id() {
  thread_local std::random_device device;
  const auto draw = [] { return (std::uint64_t{device()} << 32) | device(); };
  return make_uuid_v7(read_clocks().wall, draw(), draw());
}

/// Counts a call while it is answered.
class Call {
 public:
  explicit Call(std::atomic<std::size_t>& calls) : calls_(calls) { ++calls_; }
  ~Call() { --calls_; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  std::atomic<std::size_t>& calls_;
};

bool is_in_a_pool(const config::Settings& settings, std::string_view route) {
  return std::any_of(settings.auto_pools.begin(), settings.auto_pools.end(), [&](const auto& pool) {
    const auto& candidates = pool.second.candidates;
    return std::find(candidates.begin(), candidates.end(), route) != candidates.end();
  });
}

Error not_routed_to() {
  return make_error(Errc::not_found, "Nothing is routed to a target of this name.", "target");
}

}  // namespace

api::AdminResponse AdminBackend::answer(const api::AdminRequest& request) {
  const Call counted(calls_);
  const auto file = routing_.file();
  const auto view = routing_.view();
  api::AdminContext context{
      .settings = *file, .names = process_.names, .version = TALLYGATE_VERSION};
  add_process(context);
  context.keys = view->keys.get();
  return api::answer_admin(request, context);
}

api::AdminResponse AdminBackend::answer(const DataCall& call) {
  const Call counted(calls_);
  const auto file = routing_.file();
  api::AdminContext context{
      .settings = *file, .names = process_.names, .version = TALLYGATE_VERSION};
  add_process(context);
  context.actor = "application";
  if (call.key != nullptr) {
    context.actor = call.key->actor;
    context.allows_route = [&](std::string_view route) {
      return call.key->may_use(process_.names.find(route)) ||
             (call.key->auto_pools && is_in_a_pool(*file, route));
    };
  }
  return api::answer_application({call.head, call.body, call.request_id}, context);
}

void AdminBackend::add_process(api::AdminContext& context) {
  context.now = read_clocks().wall;
  if (!process_.ready.load()) {
    context.not_ready = make_error(Errc::draining, "the gate is draining");
  }
  context.store_health = [this] {
    return api::store_health_of(process_.journal.status(), process_.catalog.status(),
                                control_.answers_wait());
  };
  context.render_metrics = control_.render_metrics;
  context.reload = control_.reload;
  add_counts(context);
  add_health(context);
  add_documents(context);
  add_keys(context);
}

void AdminBackend::add_counts(api::AdminContext& context) {
  const store::Journal& journal = process_.journal;
  context.total = [&journal] { return journal.total(); };
  context.tallies_at = [&journal](std::span<const router::TallyKey> keys) {
    return journal.tallies_at(keys);
  };
  context.tallies_of = [&journal](const router::TallyFilter& filter) {
    return journal.tallies(filter);
  };
  context.units_of = [&journal](router::NameId experiment) { return journal.units(experiment); };
  context.find_record = [&journal](const Uuid& id) { return journal.find(id); };
  context.find_by_response_id = [&journal](std::string_view id) {
    return journal.find_by_response_id(id);
  };
  context.find_records = [&journal](const store::RecordSearch& search) {
    return journal.search(search);
  };
  context.totals = [&journal](const router::TallyFilter& filter) { return journal.totals(filter); };
  context.series = [&journal](const api::SeriesQuery& query) {
    return api::read_series(
        query, [&journal](const store::SeriesQuery& asked) { return journal.series(asked); });
  };
}

void AdminBackend::add_health(api::AdminContext& context) {
  context.health_of = [this](router::NameId target) { return health_of(target); };
  context.blacklisted = [this] { return blacklisted(); };
  context.bench = [this](router::NameId target, WallTime until) -> Result<void> {
    const auto slot = routing_.slot_of(target);
    if (!slot) return not_routed_to();
    const Moment now = read_clocks();
    process_.health.bench(*slot, now.steady, now.steady + (until - now.wall));
    return {};
  };
  context.pardon = [this](router::NameId target) -> Result<void> {
    const auto slot = routing_.slot_of(target);
    if (!slot) return not_routed_to();
    process_.health.pardon(*slot);
    process_.health.news.push({.slot = *slot, .target = target});
    return {};
  };
}

void AdminBackend::add_documents(api::AdminContext& context) {
  context.catalog = &process_.catalog;
  context.make_id = make_id;
  context.secrets = config::real_surroundings();
  context.publish = [this] { return routing_.publish(); };
  context.announce = [this](std::string_view name, const std::string& data) {
    process_.events.publish(name, data);
  };
  context.backup = [this](const std::string& folder) {
    return store::make_backup(folder, process_.catalog, process_.journal,
                              routing_.file()->store.backups);
  };
}

void AdminBackend::add_keys(api::AdminContext& context) {
  context.key_hasher = &process_.keys.hasher;
  context.make_token = [this] { return access::make_token(process_.keys.random); };
  context.publish_keys = [this] { routing_.publish_keys(); };
}

api::TargetHealth AdminBackend::health_of(router::NameId target) const {
  const auto slot = routing_.slot_of(target);
  if (!slot) return {};
  const router::HealthState state = process_.health.state(*slot);
  const Moment now = read_clocks();
  api::TargetHealth health;
  health.failures_in_row = state.failures_in_row;
  if (state.benched_until > now.steady) {
    health.blacklisted_until =
        now.wall + duration_cast<microseconds>(state.benched_until - now.steady);
  }
  return health;
}

std::vector<api::BlacklistedTarget> AdminBackend::blacklisted() const {
  const Moment now = read_clocks();
  std::vector<api::BlacklistedTarget> targets;
  for (const auto& [name, slot] : routing_.slots()) {
    const router::HealthState state = process_.health.state(slot);
    api::BlacklistedTarget target;
    target.target = name;
    target.failures_in_row = state.failures_in_row;
    target.refusals = process_.health.refusals(slot);
    const auto standing = router::standing_of(state, now.steady);
    if (standing == router::Standing::fit && target.refusals == 0) continue;
    target.state = api::state_name(standing);
    if (standing == router::Standing::benched || standing == router::Standing::recovering) {
      target.until = to_wall(state.benched_until, now);
      target.by_hand = process_.health.is_benched_by_hand(slot);
    }
    if (state.cooling_until > now.steady) target.cooling_until = to_wall(state.cooling_until, now);
    targets.push_back(target);
  }
  return targets;
}

}  // namespace tallygate
