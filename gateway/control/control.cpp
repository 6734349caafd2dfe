#include "gateway/control/control.h"

#include <spdlog/spdlog.h>

#include <csignal>
#include <future>

#include "gateway/control/describe_changes.h"
#include "gateway/control/not_yet.h"
#include "gateway/control/process_sample.h"
#include "gateway/worker_clock.h"

namespace tallygate {
namespace {

constexpr std::chrono::minutes kPurgeInterval{5};

double unix_seconds(WallTime time) { return static_cast<double>(micros_since_epoch(time)) / 1e6; }

config::Problem problem_of(const std::string& file, const Error& error) {
  return {file, 0, 0, error.message};
}

/// What no reload can change.
std::optional<std::string> unchangeable(const config::Settings& before,
                                        const config::Settings& after) {
  if (before.listeners.data.address != after.listeners.data.address ||
      before.listeners.data.port != after.listeners.data.port ||
      before.listeners.admin.address != after.listeners.admin.address ||
      before.listeners.admin.port != after.listeners.admin.port) {
    return "listeners: addresses and ports cannot change while the gate runs; restart it";
  }
  if (before.workers != after.workers) {
    return "workers: the number cannot change while the gate runs; restart it";
  }
  if (before.store.engine != after.store.engine || before.store.path != after.store.path) {
    return "store: engine and path cannot change while the gate runs; restart it";
  }
  return std::nullopt;
}

}  // namespace

Control::Control(ControlOptions options, HealthBoard& health, store::Names& names,
                 std::atomic<bool>& ready)
    : options_(std::move(options)),
      health_(health),
      names_(names),
      ready_(ready),
      targets_(health, names),
      signals_(io_, SIGHUP, SIGTERM, SIGINT),
      purge_timer_(io_),
      file_watch_(io_, [this] { asio::post(pool_, [this] { reload_if_changed(); }); }),
      start_seconds_(unix_seconds(read_clocks().wall)),
      loaded_text_(options_.config_text) {
  last_reload_seconds_ = start_seconds_;
}

Control::~Control() { pool_.join(); }

Result<std::shared_ptr<const WorkerView>> Control::prepare(
    std::shared_ptr<const config::Settings> settings, std::uint32_t worker_count) {
  worker_count_ = worker_count;
  return build_view(std::move(settings));
}

Result<std::shared_ptr<const WorkerView>> Control::build_view(
    std::shared_ptr<const config::Settings> settings) {
  const std::uint32_t connections = connection_limit(*settings);
  auto view = std::make_shared<WorkerView>();
  if (settings->listeners.data.tls) {
    auto context = http::make_server_context(*settings->listeners.data.tls);
    if (context.has_error()) return context.error();
    view->data_tls = *context;
  }
  auto targets = targets_.prepare(*settings, connections);
  if (targets.has_error()) return targets.error();
  router::Naming naming;
  naming.intern = [this](std::string_view text) { return names_.intern(text); };
  naming.target_slot = [this](const std::string& name, const config::Target&) {
    return targets_.slot_of(name);
  };
  view->settings = settings;
  view->snapshot = router::build_snapshot(*settings, ++generation_, naming);
  view->targets = std::move(*targets);
  view->connection_limit = std::max(1U, connections / worker_count_);
  const std::lock_guard lock(mutex_);
  view_ = view;
  slot_by_name_.clear();
  for (const auto& [name, target] : targets_.current()) slot_by_name_[target->name] = target->slot;
  return std::shared_ptr<const WorkerView>(std::move(view));
}

void Control::run(store::Journal& journal, std::vector<std::unique_ptr<Worker>>& workers) {
  journal_ = &journal;
  workers_ = &workers;
  resolver_.watch(view_->targets);
  admin_ = std::make_unique<AdminServer>(
      io_, pool_, options_.admin_listener,
      [this](const api::AdminRequest& request) { return answer(request); });
  admin_->start();
  file_watch_.start(options_.config_file);
  await_signals();
  purge_now_and_then();
  io_.run();
  pool_.join();
}

void Control::await_signals() {
  signals_.async_wait([this](error_code failed, int signal) {
    if (failed) return;
    if (signal == SIGHUP) {
      asio::post(pool_, [this] { reload(); });
    } else {
      begin_drain();
    }
    await_signals();
  });
}

void Control::begin_drain() {
  if (draining_) return;
  draining_ = true;
  ready_.store(false);
  const auto patience = view_->settings->timeouts.drain;
  spdlog::info("draining: answers under way may take up to {} ms", patience.count());
  for (auto& worker : *workers_) worker->drain(patience);
}

void Control::stop() {
  asio::post(io_, [this] {
    error_code ignored;
    admin_->stop();
    signals_.cancel(ignored);
    purge_timer_.cancel();
    file_watch_.stop();
    resolver_.stop();
    io_.stop();
  });
}

void Control::purge_now_and_then() {
  asio::post(pool_, [this] {
    const Result<void> purged = journal_->purge(read_clocks().wall);
    if (purged.has_error()) spdlog::warn("retention: {}", purged.error().message);
  });
  purge_timer_.expires_after(kPurgeInterval);
  purge_timer_.async_wait([this](error_code failed) {
    if (!failed) purge_now_and_then();
  });
}

api::ReloadOutcome Control::reload() {
  const std::lock_guard one_at_a_time(reloading_);
  return load_and_apply();
}

void Control::reload_if_changed() {
  const std::lock_guard one_at_a_time(reloading_);
  const auto text = config::read_text(options_.config_file);
  if (text && *text != loaded_text_) load_and_apply();
}

api::ReloadOutcome Control::load_and_apply() {
  api::ReloadOutcome outcome;
  const config::Loaded loaded = config::load_file(options_.config_file);
  loaded_text_ = loaded.text;
  outcome.problems = loaded.problems;
  if (outcome.problems.empty()) apply(loaded.settings, outcome);
  const bool ok = outcome.problems.empty();
  for (const auto& problem : outcome.problems) {
    spdlog::error("reload: {}", config::to_string(problem));
  }
  if (ok) spdlog::info("reloaded {}: {} changes", options_.config_file, outcome.changes.size());
  const std::lock_guard lock(mutex_);
  last_reload_ok_ = ok;
  if (ok) last_reload_seconds_ = unix_seconds(read_clocks().wall);
  return outcome;
}

void Control::apply(const config::Settings& settings, api::ReloadOutcome& outcome) {
  const auto before = current_view()->settings;
  auto refused = unchangeable(*before, settings);
  if (const std::string why = unsafe_to_ignore(settings); !why.empty()) refused = why;
  if (refused) {
    outcome.problems.push_back({options_.config_file, 0, 0, *refused});
    return;
  }
  for (const std::string& key : settings_without_effect(settings)) spdlog::warn("{}", key);
  // Views are built on the control thread alone; this one, of the pool, waits.
  std::promise<Result<std::shared_ptr<const WorkerView>>> built;
  asio::post(io_, [this, &built, &settings] {
    built.set_value(build_view(std::make_shared<const config::Settings>(settings)));
    resolver_.watch(current_view()->targets);
  });
  const auto view = built.get_future().get();
  if (view.has_error()) {
    outcome.problems.push_back(problem_of(options_.config_file, view.error()));
    return;
  }
  adopt_everywhere(*view);
  outcome.generation = (*view)->snapshot->generation;
  outcome.changes = describe_changes(*before, settings);
}

void Control::adopt_everywhere(const std::shared_ptr<const WorkerView>& view) {
  std::vector<std::promise<void>> adopted(workers_->size());
  for (std::size_t i = 0; i < workers_->size(); ++i) {
    (*workers_)[i]->adopt(view, [&adopted, i] { adopted[i].set_value(); });
  }
  for (auto& each : adopted) each.get_future().wait();
}

std::shared_ptr<const WorkerView> Control::current_view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

api::AdminResponse Control::answer(const api::AdminRequest& request) {
  const auto view = current_view();
  api::AdminContext context{
      .settings = *view->settings, .names = names_, .version = TALLYGATE_VERSION};
  if (!ready_.load()) context.not_ready = make_error(Errc::draining, "the gate is draining");
  context.tallies = [this] { return journal_->tallies(); };
  context.find_record = [this](const Uuid& id) { return journal_->find(id); };
  context.health_of = [this](router::NameId target) { return health_of(target); };
  context.render_metrics = [this](telemetry::Format format) { return render_metrics(format); };
  context.reload = [this] { return reload(); };
  return api::answer_admin(request, context);
}

std::string Control::render_metrics(telemetry::Format format) const {
  telemetry::ProcessSample process = sample_process();
  process.journal = journal_->status();
  process.version = TALLYGATE_VERSION;
  process.start_seconds = start_seconds_;
  {
    const std::lock_guard lock(mutex_);
    process.config_generation = view_->snapshot->generation;
    process.last_reload_ok = last_reload_ok_;
    process.last_reload_seconds = last_reload_seconds_;
  }
  std::vector<const telemetry::WorkerMetrics*> metrics;
  for (const auto& worker : *workers_) metrics.push_back(&worker->metrics);
  return telemetry::render_metrics(metrics, process, names_, format);
}

api::TargetHealth Control::health_of(router::NameId target) const {
  router::TargetSlot slot = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto known = slot_by_name_.find(target);
    if (known == slot_by_name_.end()) return {};
    slot = known->second;
  }
  const router::HealthState state = health_.state(slot);
  const Moment now = read_clocks();
  api::TargetHealth health;
  health.failures_in_row = state.failures_in_row;
  if (state.benched_until > now.steady) {
    health.blacklisted_until = now.wall + std::chrono::duration_cast<std::chrono::microseconds>(
                                              state.benched_until - now.steady);
  }
  return health;
}

}  // namespace tallygate
