#include "gateway/control/control.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <random>
#include <thread>

#include "gateway/api/key_caller.h"
#include "gateway/control/not_yet.h"
#include "gateway/control/upkeep/process_sample.h"
#include "gateway/control/upkeep/target_states.h"
#include "gateway/control/view/describe_changes.h"
#include "gateway/lifecycle/service_manager.h"
#include "gateway/registry/secret_reference.h"
#include "gateway/worker_clock.h"

namespace tallygate {
namespace {

constexpr std::chrono::minutes kPurgeInterval{5};
/// In trouble: a disk without space may get some, and a catalog that refused is tried again.
constexpr std::chrono::seconds kTroubledPurgeInterval{10};
constexpr std::size_t kPoolThreads = 4;
/// For calls of the admin API to end before the store is handed over.
constexpr std::chrono::milliseconds kCallPatience{500};
constexpr std::chrono::milliseconds kCallPause{2};

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
  if (before.secrets.pepper.value != after.secrets.pepper.value) {
    return "secrets.pepper: it cannot change while the gate runs; restart it";
  }
  if (before.store.engine != after.store.engine || before.store.path != after.store.path) {
    return "store: engine and path cannot change while the gate runs; restart it";
  }
  return std::nullopt;
}

std::map<std::string, std::string> read_authorities(const config::Settings& settings) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, target] : settings.targets) {
    if (!target.ca_file.empty()) {
      texts[target.ca_file] = config::read_text(target.ca_file).value_or("");
    }
  }
  return texts;
}

WebhookSurroundings webhook_surroundings(const RoutingTable& routing) {
  WebhookSurroundings surroundings;
  surroundings.now = read_clocks;
  surroundings.dice = [] {
    thread_local std::mt19937_64 dice{std::random_device{}()};
    return std::uniform_real_distribution<double>{}(dice);
  };
  surroundings.secret = [&routing](const Webhook& webhook) -> Result<std::string> {
    const auto may =
        registry::check_secret_allowed(webhook.secret_ref, webhook.url, *routing.file());
    if (may.has_error()) return may.error();
    const auto secret = registry::resolve_secret(webhook.secret_ref, config::real_surroundings());
    if (secret.has_error()) return secret.error();
    return secret->value;
  };
  return surroundings;
}

/// As the data plane's, but that a body is never larger than an administrator needs.
AdminLimits admin_limits(const config::Settings& settings) {
  AdminLimits limits;
  limits.message.header_bytes = settings.limits.header_bytes;
  limits.message.header_count = settings.limits.header_count;
  limits.message.body_bytes = std::min(settings.limits.body_bytes, AdminLimits::kMostBodyBytes);
  const auto take = [](config::Duration from, std::chrono::milliseconds& into) {
    if (from.count() > 0) into = from;  // off is for the data plane only
  };
  take(settings.timeouts.client_headers, limits.headers);
  take(settings.timeouts.client_body, limits.body);
  take(settings.timeouts.client_idle, limits.idle);
  take(settings.timeouts.write_progress, limits.write);
  return limits;
}

/// Null when the system has no CA store: https webhooks are refused then.
http::TlsContext webhook_tls() {
  const auto context = http::make_client_context({}, true);
  return context.has_value() ? *context : nullptr;
}

}  // namespace

Control::Control(ControlOptions options, Process process)
    : options_(std::move(options)),
      process_(process),
      pool_(kPoolThreads),
      signals_(io_, SIGHUP, SIGTERM, SIGINT),
      retention_(process),
      store_news_(process),
      purge_timer_(io_),
      tick_timer_(io_),
      file_watch_(io_, [this] { asio::post(pool_, [this] { reload_if_changed(); }); }),
      routing_(io_, process.health, process.names, process.catalog, process.journal, certificates_),
      blacklist_({process.health, process.names, process.catalog, process.events,
                  [this] { return routing_.slots(); }}),
      probe_(io_, process.health, [this] { return routing_.view(); }),
      webhooks_(io_, webhook_surroundings(routing_), webhook_tls()),
      ticks_(process, routing_, webhooks_),
      backend_(process, routing_,
               {[this] { return reload(); },
                [this](telemetry::Format format) { return render_metrics(format); },
                [this] {
                  return std::all_of(workers_->begin(), workers_->end(), [](const auto& worker) {
                    return worker->metrics.answers_wait();
                  });
                }}),
      start_seconds_(unix_seconds(read_clocks().wall)),
      loaded_text_(options_.config_text) {
  last_reload_seconds_ = start_seconds_;
  process.health.news.listen(
      [this] { asio::post(pool_, [this] { blacklist_.follow(read_clocks()); }); });
  routing_.set_keys(process.keys);
  process.desk.open([this](std::function<void()> job) { asio::post(pool_, std::move(job)); },
                    [this](const DataCall& call) { return backend_.answer(call); });
}

Control::~Control() { pool_.join(); }

Result<std::shared_ptr<const WorkerView>> Control::prepare(
    std::shared_ptr<const config::Settings> settings, std::uint32_t worker_count) {
  authorities_ = read_authorities(*settings);
  const auto certificates = certificates_.follow(settings->listeners);
  if (certificates.has_error()) return certificates.error();
  auto view = routing_.prepare(std::move(settings), worker_count, read_clocks().wall);
  if (view.has_value()) blacklist_.restore(read_clocks());
  return view;
}

void Control::watch_memory(lifecycle::Overload& overload) {
  memory_ = std::make_unique<lifecycle::MemoryWatch>(
      io_, overload, [this] { return routing_.file()->limits.memory_bytes; });
  memory_->start();
}

void Control::run(std::vector<std::unique_ptr<Worker>>& workers) {
  workers_ = &workers;
  routing_.begin(workers);
  admin_ = std::make_unique<AdminServer>(
      io_, pool_, options_.admin_listener,
      [this](const api::AdminRequest& request) { return backend_.answer(request); },
      admin_options());
  admin_->start();
  file_watch_.start(options_.config_file);
  watch_certificates();
  keep_manager_informed();
  await_signals();
  purge_now_and_then();
  tick_later();
  io_.run();
  finish_pool();
}

AdminOptions Control::admin_options() {
  AdminOptions options;
  options.now = read_clocks;
  options.tls = [this] { return certificates_.admin(); };
  options.limits = [this] { return admin_limits(*routing_.file()); };
  options.admits = [this](const http::RequestHead& head) {
    const auto file = routing_.file();
    const auto view = routing_.view();
    return api::is_admitted(head, file->listeners.admin, view->keys.get(), read_clocks().wall);
  };
  options.events = &process_.events;
  return options;
}

void Control::watch_certificates() {
  const auto file = routing_.file();
  const config::Listeners& listeners = file->listeners;
  std::vector<std::string> files;
  for (const auto& tls : {listeners.data.tls, listeners.admin.tls}) {
    if (tls) files.insert(files.end(), {tls->certificate, tls->key});
  }
  for (const auto& [name, target] : file->targets) {
    if (!target.ca_file.empty() && std::ranges::find(files, target.ca_file) == files.end()) {
      files.push_back(target.ca_file);
    }
  }
  if (files == watched_files_) return;
  watched_files_ = std::move(files);
  for (const auto& watch : certificate_watches_) watch->stop();
  // Their last handlers are in the queue already; they go behind those.
  asio::post(io_, [ended = std::move(certificate_watches_)] {});
  certificate_watches_.clear();
  for (const std::string& watched : watched_files_) {
    certificate_watches_.push_back(std::make_unique<FileWatch>(
        io_, [this] { asio::post(pool_, [this] { renew_certificates(); }); }));
    certificate_watches_.back()->start(watched);
  }
}

void Control::renew_certificates() {
  const std::lock_guard one_at_a_time(reloading_);
  const auto renewed = certificates_.follow(routing_.file()->listeners);
  if (renewed.has_error()) {
    spdlog::error("{}; the certificate before it stays in use", renewed.error().message);
    process_.events.publish("certificate.refused", "{}");
  } else if (*renewed) {
    routing_.adopt_certificates();
    spdlog::info("new certificates are in use");
    process_.events.publish("certificate.renewed", "{}");
  }
  renew_authorities();
}

void Control::renew_authorities() {
  bool changed = false;
  for (const auto& [name, target] : routing_.file()->targets) {
    const auto text = target.ca_file.empty() ? std::nullopt : config::read_text(target.ca_file);
    if (!text || *text == authorities_[target.ca_file]) continue;
    authorities_[target.ca_file] = *text;
    const auto usable = http::make_client_context(target.ca_file, true);
    if (usable.has_error()) {
      spdlog::error("{}; the CA before it stays in use", usable.error().message);
      process_.events.publish("certificate.refused", "{}");
    }
    changed = changed || usable.has_value();
  }
  if (!changed) return;
  if (const auto published = routing_.publish(); published.has_error()) {
    spdlog::error("the targets' new CA is not in use: {}", published.error().message);
    return;
  }
  spdlog::info("targets are verified with a new CA");
  process_.events.publish("certificate.renewed", "{}");
}

void Control::keep_manager_informed() {
  const auto period = lifecycle::watchdog_period();
  if (!period) return;
  const auto ask = [this](const std::function<void()>& answer) {
    for (auto& worker : *workers_) worker->post(answer);
    return workers_->size();
  };
  watchdog_ =
      std::make_unique<lifecycle::Watchdog>(io_, *period, ask, lifecycle::tell_alive_to_manager);
  watchdog_->start();
}

void Control::finish_pool() {
  // What the pool is still doing may wait for a view, which this thread builds.
  const auto not_done = asio::make_work_guard(io_);
  io_.restart();
  std::thread joiner([this] {
    pool_.join();
    io_.stop();
  });
  io_.run();
  joiner.join();
}

void Control::await_signals() {
  signals_.async_wait([this](error_code failed, int signal) {
    if (failed) return;
    if (signal == SIGHUP) {
      reload_once_more();
    } else {
      stop_at_signal();
    }
    await_signals();
  });
}

void Control::reload_once_more() {
  // However many ask before one begins, they ask for the same.
  if (told_to_stop_ || is_reload_asked_.exchange(true)) return;
  asio::post(pool_, [this] {
    is_reload_asked_.store(false);
    reload();
  });
}

void Control::stop_at_signal() {
  if (told_to_stop_) {
    spdlog::info("told to stop again: what is under way is cut short");
    for (auto& worker : *workers_) worker->drain(std::chrono::milliseconds{0});
  }
  told_to_stop_ = true;
  begin_drain(false);
}

void Control::pause_accepting(std::function<void()> paused) {
  asio::post(io_, [this, paused = std::move(paused)] {
    admin_->pause();
    await_calls(read_clocks().steady + kCallPatience, paused);
  });
}

void Control::await_calls(SteadyTime patience, std::function<void()> done) {
  if (backend_.calls() == 0 || read_clocks().steady >= patience) return done();
  const auto timer = std::make_shared<Timer>(io_, kCallPause);
  timer->async_wait(
      [this, timer, patience, done = std::move(done)](error_code) { await_calls(patience, done); });
}

void Control::resume_accepting() {
  asio::post(io_, [this] {
    if (!draining_) admin_->start();
  });
}

void Control::leave_to_successor() {
  asio::post(io_, [this] { begin_drain(true); });
}

void Control::begin_drain(bool replaced) {
  if (draining_.exchange(true)) return;
  if (replaced) {
    admin_->stop();
  } else {
    process_.ready.store(false);
    lifecycle::tell_stopping_to_manager();
  }
  const auto patience = routing_.file()->timeouts.drain;
  spdlog::info("draining: answers under way may take up to {} ms", patience.count());
  process_.events.publish("gate.draining", "{}");
  process_.events.close();
  for (auto& worker : *workers_) {
    if (replaced) {
      worker->drain_for_successor(patience);
    } else {
      worker->drain(patience);
    }
  }
}

void Control::stop() {
  asio::post(io_, [this] {
    error_code ignored;
    admin_->stop();
    signals_.cancel(ignored);
    purge_timer_.cancel();
    tick_timer_.cancel();
    file_watch_.stop();
    if (memory_ != nullptr) memory_->stop();
    if (watchdog_ != nullptr) watchdog_->stop();
    for (const auto& watch : certificate_watches_) watch->stop();
    webhooks_.stop();
    routing_.stop();
    io_.stop();
  });
}

void Control::purge_now_and_then() {
  const SteadyTime now = read_clocks().steady;
  const bool is_troubled = process_.journal.status().degraded() ||
                           process_.catalog.status().trouble != store::StoreTrouble::none;
  if (is_troubled || now >= next_purge_) {
    next_purge_ = now + kPurgeInterval;
    asio::post(pool_, [this] { retention_.run(routing_.file()->store, read_clocks().wall); });
  }
  purge_timer_.expires_after(kTroubledPurgeInterval);
  purge_timer_.async_wait([this](error_code failed) {
    if (!failed) purge_now_and_then();
  });
}

void Control::tick_later() {
  tick_timer_.expires_after(Ticks::kInterval);
  tick_timer_.async_wait([this](error_code failed) {
    if (failed || draining_) return;
    asio::post(pool_, [this] {
      ticks_.run(read_clocks());
      if (store_news_.look()) retention_.run(routing_.file()->store, read_clocks().wall);
      blacklist_.tick(read_clocks());
      probe_.tick(read_clocks().steady);
      asio::post(io_, [this] { tick_later(); });
    });
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
  const bool tells_manager = !draining_.load();
  if (tells_manager) lifecycle::tell_reloading_to_manager(read_clocks().steady);
  const config::Loaded loaded = config::load_file(options_.config_file);
  loaded_text_ = loaded.text;
  outcome.problems = loaded.problems;
  if (outcome.problems.empty()) apply(loaded.settings, outcome);
  if (tells_manager && !draining_.load()) lifecycle::tell_ready_to_manager();
  const bool ok = outcome.problems.empty();
  for (const auto& problem : outcome.problems) {
    spdlog::error("reload: {}", config::to_string(problem));
  }
  if (ok) spdlog::info("reloaded {}: {} changes", options_.config_file, outcome.changes.size());
  process_.events.publish(ok ? "config.reloaded" : "config.refused",
                          ok ? R"({"changes":)" + std::to_string(outcome.changes.size()) + "}"
                             : R"({"problems":)" + std::to_string(outcome.problems.size()) + "}");
  const std::lock_guard lock(mutex_);
  last_reload_ok_ = ok;
  if (ok) last_reload_seconds_ = unix_seconds(read_clocks().wall);
  return outcome;
}

void Control::apply(const config::Settings& settings, api::ReloadOutcome& outcome) {
  const auto before = routing_.file();
  const auto refused = unchangeable(*before, settings);
  if (refused) {
    outcome.problems.push_back({options_.config_file, 0, 0, *refused});
    return;
  }
  for (const std::string& key : settings_without_effect(settings)) spdlog::warn("{}", key);
  if (const auto read = certificates_.follow(settings.listeners); read.has_error()) {
    outcome.problems.push_back(problem_of(options_.config_file, read.error()));
    return;
  }
  auto authorities = read_authorities(settings);  // before they are used: what comes later is new
  const auto changed =
      routing_.change_file(std::make_shared<const config::Settings>(settings), read_clocks().wall);
  if (changed.has_error()) {
    [[maybe_unused]] const auto kept = certificates_.follow(before->listeners);
    outcome.problems.push_back(problem_of(options_.config_file, changed.error()));
    return;
  }
  authorities_ = std::move(authorities);
  blacklist_.tick(read_clocks());  // targets that are back are benched as they were
  asio::post(io_, [this] { watch_certificates(); });
  outcome.generation = routing_.view()->snapshot->generation;
  outcome.changes = describe_changes(*before, settings);
}

telemetry::ControlSample Control::sample_control() const {
  const auto end_of = [](std::optional<WallTime> expiry) {
    return expiry ? unix_seconds(*expiry) : 0.0;
  };
  telemetry::ControlSample sample;
  sample.webhooks_delivered = webhooks_.delivered();
  sample.webhooks_dropped = webhooks_.dropped();
  sample.webhook_failed_tries = webhooks_.failed_tries();
  sample.webhooks_waiting = webhooks_.waiting();
  sample.events = process_.events.published();
  sample.event_readers = process_.events.subscribers();
  sample.admin_connections = admin_->connections();
  sample.admin_failed_logins = admin_->failed_logins();
  sample.data_certificate_expiry = end_of(certificates_.data_expiry());
  sample.admin_certificate_expiry = end_of(certificates_.admin_expiry());
  return sample;
}

std::string Control::render_metrics(telemetry::Format format) const {
  telemetry::ProcessSample process = sample_process();
  process.control = sample_control();
  process.targets =
      target_states(routing_.slots(), process_.health, process_.names, read_clocks().steady);
  process.journal = process_.journal.status();
  process.catalog = process_.catalog.status();
  process.version = TALLYGATE_VERSION;
  process.start_seconds = start_seconds_;
  process.config_generation = routing_.view()->snapshot->generation;
  {
    const std::lock_guard lock(mutex_);
    process.last_reload_ok = last_reload_ok_;
    process.last_reload_seconds = last_reload_seconds_;
  }
  std::vector<const telemetry::WorkerMetrics*> metrics;
  for (const auto& worker : *workers_) metrics.push_back(&worker->metrics);
  return telemetry::render_metrics(metrics, process, process_.names, format);
}

}  // namespace tallygate
