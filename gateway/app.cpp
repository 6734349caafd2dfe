#include "gateway/app.h"

#include <fmt/core.h>
#include <openssl/rand.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "base/assert.h"
#include "config/load.h"
#include "gateway/access/key_book.h"
#include "gateway/control/control.h"
#include "gateway/control/not_yet.h"
#include "gateway/control/process_sample.h"
#include "gateway/http/acceptor.h"
#include "gateway/logging.h"
#include "gateway/worker_clock.h"
#include "store/catalog/catalog.h"

namespace tallygate {
namespace {

constexpr int kFailedToStart = 1;

int fail(const std::string& why) {
  fmt::print(stderr, "tallygate: {}\n", why);
  return kFailedToStart;
}

std::uint32_t worker_count(const ServeOptions& options, const config::Settings& settings) {
  if (options.workers) return std::max(1U, *options.workers);
  if (settings.workers != 0) return settings.workers;
  return std::max(1U, std::thread::hardware_concurrency());
}

/// One listener per worker, all on one port.
Result<std::vector<int>> listen_for_data(const config::DataListener& where, std::uint32_t workers) {
  const auto probe = http::listen_on(where.address, where.port, http::Sharing::exclusive);
  if (probe.has_error()) return probe.error();
  const std::uint16_t port = http::port_of(*probe);
  ::close(*probe);
  std::vector<int> listeners;
  for (std::uint32_t i = 0; i < workers; ++i) {
    const auto listener = http::listen_on(where.address, port, http::Sharing::between_workers);
    if (listener.has_error()) return listener.error();
    listeners.push_back(*listener);
  }
  return listeners;
}

Result<std::unique_ptr<store::Journal>> open_journal(const config::Store& where,
                                                     store::Names& names) {
  store::JournalOptions options;
  options.path = (std::filesystem::path(where.path) / "journal").string();
  options.fsync_interval = where.fsync_interval;
  options.retention = where.retention;
  options.index_response_ids = where.index_response_ids;
  return store::Journal::open(options, names);
}

void draw_random(std::span<std::uint8_t> bytes) {
  const int drawn = RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  TG_ASSERT(drawn == 1);
}

Result<std::unique_ptr<access::KeyBook>> open_key_book(const std::string& store) {
  const auto file = std::filesystem::path(store) / access::kPepperFile;
  const auto pepper = access::load_pepper(file.string(), draw_random);
  if (pepper.has_error()) return pepper.error();
  return std::make_unique<access::KeyBook>(access::KeyHasher(*pepper), draw_random);
}

void announce(const config::Settings& settings, int data, int admin, std::size_t workers) {
  const auto& listeners = settings.listeners;
  spdlog::info("tallygate {} serves on {}:{}, admin on {}:{}, {} workers", TALLYGATE_VERSION,
               listeners.data.address, http::port_of(data), listeners.admin.address,
               http::port_of(admin), workers);
  if (!listeners.data.require_key && listeners.data.address != "127.0.0.1" &&
      listeners.data.address != "::1") {
    spdlog::warn("listeners.data.require_key is false: everyone who reaches {} may send requests",
                 listeners.data.address);
  }
}

/// Runs until drained: workers on threads of their own, control on one more.
void serve(Control& control, std::vector<std::unique_ptr<Worker>>& workers,
           const std::vector<int>& listeners) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    threads.emplace_back([&, i] { workers[i]->run(listeners[i]); });
  }
  std::thread control_thread([&] { control.run(workers); });
  for (auto& thread : threads) thread.join();
  control.stop();
  control_thread.join();
}

}  // namespace

int run_gate(const ServeOptions& options) {
  config::Loaded loaded = config::load_file(options.config_file);
  for (const auto& problem : loaded.problems) {
    fmt::print(stderr, "{}\n", config::to_string(problem));
  }
  if (!loaded.ok()) return kFailedToStart;
  const auto settings = std::make_shared<const config::Settings>(std::move(loaded.settings));
  if (const std::string why = unsafe_to_ignore(*settings); !why.empty()) return fail(why);
  start_logging(settings->log);
  for (const std::string& key : settings_without_effect(*settings)) spdlog::warn("{}", key);
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();

  const std::uint32_t count = worker_count(options, *settings);
  const auto listeners = listen_for_data(settings->listeners.data, count);
  if (listeners.has_error()) return fail(listeners.error().message);
  const auto admin = http::listen_on(settings->listeners.admin.address,
                                     settings->listeners.admin.port, http::Sharing::exclusive);
  if (admin.has_error()) return fail(admin.error().message);
  store::Names names;
  auto journal = open_journal(settings->store, names);
  if (journal.has_error()) return fail(journal.error().message);

  auto catalog =
      store::open_catalog((std::filesystem::path(settings->store.path) / "catalog").string());
  if (catalog.has_error()) return fail(catalog.error().message);

  auto keys = open_key_book(settings->store.path);
  if (keys.has_error()) return fail(keys.error().message);

  HealthBoard health;
  ControlDesk desk;
  std::atomic<bool> ready{false};
  ContinuityBook continuity;
  EventFeed events(read_clocks().wall);
  Control control({options.config_file, std::move(loaded.text), *admin},
                  {health, names, **journal, **catalog, events, **keys, desk, ready});
  const auto view = control.prepare(settings, count);
  if (view.has_error()) return fail(view.error().message);
  const SharedParts shared{health,    names, **journal, ready, telemetry::make_series_limit(),
                           continuity, &desk};
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::uint32_t i = 0; i < count; ++i)
    workers.push_back(std::make_unique<Worker>(shared, *view));
  announce(*settings, listeners->front(), *admin, workers.size());
  ready.store(true);
  serve(control, workers, *listeners);
  (*journal)->close();
  spdlog::info("stopped; every record is written");
  return 0;
}

}  // namespace tallygate
