#include "gateway/app.h"

#include <fmt/core.h>
#include <openssl/rand.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <latch>
#include <thread>

#include "base/assert.h"
#include "config/load.h"
#include "gateway/access/key_book.h"
#include "gateway/access/pepper_setting.h"
#include "gateway/control/control.h"
#include "gateway/control/not_yet.h"
#include "gateway/control/upkeep/process_sample.h"
#include "gateway/http/acceptor.h"
#include "gateway/lifecycle/beginning.h"
#include "gateway/lifecycle/handover/handover_server.h"
#include "gateway/lifecycle/open_store.h"
#include "gateway/lifecycle/service_manager.h"
#include "gateway/logging.h"
#include "gateway/privacy.h"
#include "gateway/worker_clock.h"

namespace tallygate {
namespace {

constexpr int kFailedToStart = 1;
constexpr int kFailedToStop = 3;
constexpr std::chrono::seconds kControlPatience{8};

int fail(const std::string& why) {
  fmt::print(stderr, "tallygate: {}\n", why);
  return kFailedToStart;
}

std::uint32_t worker_count(const ServeOptions& options, const config::Settings& settings) {
  if (options.workers) return std::max(1U, *options.workers);
  if (settings.workers != 0) return settings.workers;
  return std::max(1U, std::thread::hardware_concurrency());
}

void draw_random(std::span<std::uint8_t> bytes) {
  const int drawn = RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  TG_ASSERT(drawn == 1);
}

Result<access::Pepper> find_pepper(const config::Settings& settings) {
  const config::Secret& given = settings.secrets.pepper;
  if (!given.empty()) return access::parse_pepper(given.value);
  const auto file = std::filesystem::path(settings.store.path) / access::kPepperFile;
  return access::load_pepper(file.string(), draw_random);
}

Result<std::unique_ptr<access::KeyBook>> open_key_book(const config::Settings& settings) {
  const auto pepper = find_pepper(settings);
  if (pepper.has_error()) return pepper.error();
  return std::make_unique<access::KeyBook>(access::KeyHasher(*pepper), draw_random);
}

void announce(const config::Settings& settings, int data, int admin, std::size_t workers) {
  const auto& listeners = settings.listeners;
  spdlog::info("tallygate {} serves on {}:{}, admin on {}:{}, {} workers", TALLYGATE_VERSION,
               listeners.data.address, http::port_of(data), listeners.admin.address,
               http::port_of(admin), workers);
  for (const std::string& warning : warnings_about_access(listeners)) spdlog::warn("{}", warning);
  for (const std::string& warning : warnings_about_files(settings, real_file_mode)) {
    spdlog::warn("{}", warning);
  }
}

/// Asio gives a signal its default action back with its last set, and that of SIGHUP is to end the
/// process: these stay caught until it is gone.
void keep_signals_caught() {
  static auto* const nobody = new asio::io_context{1};
  static auto* const signals = new asio::signal_set(*nobody, SIGHUP, SIGTERM, SIGINT);
  static_cast<void>(signals);
}

using Workers = std::vector<std::unique_ptr<Worker>>;

/// How the gate lets another one take its place.
lifecycle::HandoverActions handover_actions(Control& control, Workers& workers,
                                            const lifecycle::Listeners& listeners) {
  lifecycle::HandoverActions actions;
  actions.listeners = [&] { return control.is_draining() ? lifecycle::Listeners{} : listeners; };
  actions.pause_accepting = [&] {
    const auto paused =
        std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(workers.size()) + 1);
    for (auto& worker : workers) worker->pause_accepting([paused] { paused->count_down(); });
    control.pause_accepting([paused] { paused->count_down(); });
    paused->wait();
  };
  actions.resume_accepting = [&] {
    for (auto& worker : workers) worker->resume_accepting();
    control.resume_accepting();
  };
  actions.leave = [&] { control.leave_to_successor(); };
  return actions;
}

/// Runs until drained: workers on threads of their own, control on one more. False: control hangs
/// with its pool, and is left behind.
bool serve(Control& control, Workers& workers, const std::vector<int>& listeners,
           lifecycle::HandoverServer& handover, std::optional<lifecycle::Predecessor> predecessor) {
  const auto shares = lifecycle::spread(listeners, static_cast<std::uint32_t>(workers.size()));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    threads.emplace_back([&, i] { workers[i]->run(shares[i]); });
  }
  const auto ended = std::make_shared<std::promise<void>>();
  std::thread control_thread([&control, &workers, ended] {
    control.run(workers);
    ended->set_value();
  });
  if (predecessor) handover.take_records_from(std::move(*predecessor).into_socket());
  for (auto& thread : threads) thread.join();
  handover.stop(control.drain_patience());
  control.stop();
  // A call of the admin API may wait for a disk that does not answer.
  const bool has_ended =
      ended->get_future().wait_for(kControlPatience) == std::future_status::ready;
  if (has_ended) {
    control_thread.join();
  } else {
    control_thread.detach();
  }
  return has_ended;
}

/// Tells who waits for it. An error: this process must not serve.
Result<void> begin_to_serve(std::optional<lifecycle::Predecessor>& predecessor,
                            lifecycle::HandoverServer& handover) {
  if (predecessor) {
    if (auto told = predecessor->tell_ready(); !told) return told;
  }
  // Without it the gate serves all the same; only the next restart has a gap.
  if (const auto started = handover.start(); !started) spdlog::warn(started.error().message);
  lifecycle::tell_ready_to_manager();
  return {};
}

}  // namespace

int run_gate(const ServeOptions& options) {
  // SIGHUP only until control listens to it; the others' default is to end the process, and neither
  // a reload that comes early nor a slip of the operator's shall do that.
  for (const int signal : {SIGPIPE, SIGHUP, SIGUSR1, SIGUSR2}) std::signal(signal, SIG_IGN);
  if (!options.core_dumps) keep_memory_private();
  config::Loaded loaded = config::load_file(options.config_file);
  for (const auto& problem : loaded.problems) {
    fmt::print(stderr, "{}\n", config::to_string(problem));
  }
  if (!loaded.ok()) return kFailedToStart;
  const auto settings = std::make_shared<const config::Settings>(std::move(loaded.settings));
  start_logging(settings->log);
  for (const std::string& key : settings_without_effect(*settings)) spdlog::warn("{}", key);
  raise_descriptor_limit();

  const std::uint32_t count = worker_count(options, *settings);
  auto beginning = lifecycle::begin(*settings, count, options.take_over);
  if (beginning.has_error()) return fail(beginning.error().message);
  const lifecycle::Listeners listeners = beginning->listeners;
  if (beginning->predecessor) {
    const auto given = beginning->predecessor->ask_for_store();
    if (given.has_error()) return fail(given.error().message);
  }
  store::Names names;
  const auto policy = options.quarantine_corrupt ? lifecycle::WhenCorrupt::quarantine
                                                 : lifecycle::WhenCorrupt::refuse;
  auto opened = lifecycle::open_store(settings->store, names, policy, read_clocks().wall);
  if (opened.has_error()) return fail(opened.error().message);
  const auto& journal = opened->journal;
  const auto& catalog = opened->catalog;
  auto keys = open_key_book(*settings);
  if (keys.has_error()) return fail(keys.error().message);

  HealthBoard health;
  ControlDesk desk;
  std::atomic<bool> ready{false};
  ContinuityBook continuity;
  EventFeed events(read_clocks().wall);
  Control control({options.config_file, std::move(loaded.text), listeners.admin.front()},
                  {health, names, *journal, *catalog, events, **keys, desk, ready});
  const auto view = control.prepare(settings, count);
  if (view.has_error()) return fail(view.error().message);
  const SharedParts shared{health,     names, *journal, ready, telemetry::make_series_limit(),
                           continuity, &desk};
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::uint32_t i = 0; i < count; ++i)
    workers.push_back(std::make_unique<Worker>(shared, *view));
  control.watch_memory(*shared.overload);
  lifecycle::HandoverServer handover(
      {settings->store.path, opened->journal_options, *journal, names, *catalog},
      handover_actions(control, workers, listeners));
  keep_signals_caught();
  const auto begun = begin_to_serve(beginning->predecessor, handover);
  if (begun.has_error()) return fail(begun.error().message);
  announce(*settings, listeners.data.front(), listeners.admin.front(), workers.size());
  ready.store(true);
  const bool control_ended =
      serve(control, workers, listeners.data, handover, std::move(beginning->predecessor));
  const bool journal_closed = journal->close();
  handover.finish();
  if (!control_ended || !journal_closed || !catalog->close()) {
    spdlog::critical("stopped without the disk, which does not answer: {}",
                     lifecycle::last_words(journal->status()));
    spdlog::shutdown();
    std::_Exit(kFailedToStop);  // what hangs uses what returning would take away
  }
  spdlog::info(handover.has_handed_over() ? "stopped; another gate serves"
                                          : lifecycle::last_words(journal->status()));
  return 0;
}

}  // namespace tallygate
