#pragma once
// A real Worker on a loopback port with a journal of its own, between a client and upstreams that
// the test plays by hand. Declare clients and connections after it: they must be gone before.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "gateway/http/acceptor.h"
#include "gateway/telemetry/exposition.h"
#include "gateway/upstream/target_registry.h"
#include "gateway/worker.h"
#include "router/snapshot.h"
#include "store/journal/journal.h"
#include "tests/support/http_text.h"
#include "tests/support/loopback.h"
#include "tests/support/temporary_directory.h"

namespace tallygate {

/// Route "chat" is on target `main`, which speaks OpenAI; route "claude" on `main-anthropic`, which
/// is the same port and speaks Anthropic. The upstream's model name is "llama".
struct RunningGate {
  using Edit = std::function<void(config::Settings&)>;

  explicit RunningGate(const Edit& edit = {}, rocksdb::Env* env = nullptr)
      : targets(health, names) {
    config::Settings settings = base_settings();
    if (edit) edit(settings);
    store::JournalOptions options;
    options.path = directory / "journal";
    options.env = env;
    journal = std::move(store::Journal::open(options, names)).value();
    const auto listener = http::listen_on("127.0.0.1", 0, http::Sharing::exclusive).value();
    port = http::port_of(listener);
    worker = std::make_unique<Worker>(
        SharedParts{health, names, *journal, ready, telemetry::make_series_limit(), continuity},
        view_of(settings));
    stopped = std::async(std::launch::async, [this, listener] { worker->run(listener); });
  }

  ~RunningGate() {
    worker->drain(std::chrono::milliseconds{0});
    if (stopped.wait_for(std::chrono::milliseconds{testing::kPatienceMillis}) !=
        std::future_status::ready) {
      std::fputs("the worker does not stop\n", stderr);
      std::abort();
    }
    worker.reset();
    journal->close();
  }
  RunningGate(const RunningGate&) = delete;
  RunningGate& operator=(const RunningGate&) = delete;

  testing::Peer connect(int receive_buffer = 0) const {
    return testing::Peer::connect(port, receive_buffer);
  }

  /// The record is committed before the answer's last byte leaves, so it must be there at once;
  /// unless the machine is so slow that the gate has released an answer early, and says so.
  router::Record record_of(const testing::Message& answer) const {
    const Uuid id = parse_uuid(answer.field("x-request-id")).value();
    return has_released_early() ? await_record(id) : journal->find(id).value();
  }
  /// Of a request whose client does not wait for its record.
  router::Record await_record(const Uuid& id) const {
    const auto give_up =
        std::chrono::steady_clock::now() + std::chrono::milliseconds{testing::kPatienceMillis};
    auto found = journal->find(id);
    while (found.has_error() && std::chrono::steady_clock::now() < give_up) {
      std::this_thread::yield();
      found = journal->find(id);
    }
    return found.value();
  }
  bool has_released_early() const {
    return metrics().find("tallygate_unacknowledged_answers_total 0\n") == std::string::npos;
  }
  /// "outcome error attempts version", of the answer's record.
  std::string outcome_of(const testing::Message& answer) const {
    const router::Record record = record_of(answer);
    const std::string error =
        record.outcome == router::Outcome::ok ? "-" : std::string(traits_of(record.error).code);
    return std::to_string(static_cast<int>(record.outcome)) + " " + error + " " +
           std::to_string(record.attempt_count);
  }
  std::string metrics() const {
    return telemetry::render_metrics({&worker->metrics}, {}, names, {});
  }

  std::shared_ptr<const WorkerView> view_of(const config::Settings& settings) {
    auto view = std::make_shared<WorkerView>();
    view->settings = std::make_shared<const config::Settings>(settings);
    view->connection_limit = settings.limits.connections;
    view->targets = targets.prepare(settings, 1000).value();
    router::Naming naming;
    naming.intern = [this](std::string_view text) { return names.intern(text); };
    naming.target_slot = [this](const std::string& name, const config::Target&) {
      return targets.slot_of(name);
    };
    view->snapshot = router::build_snapshot(settings, 1, naming);
    return view;
  }

  config::Settings base_settings() const {
    config::Settings settings;
    settings.limits.connections = 1000;
    settings.timeouts.pool_idle = std::chrono::hours{1};
    const auto on = [](const testing::Listener& listener) {
      config::Target target;
      target.url = "http://127.0.0.1:" + std::to_string(listener.port()) + "/v1";
      target.model = "llama";
      return target;
    };
    settings.targets["main"] = on(main);
    settings.targets["backup"] = on(backup);
    settings.targets["main-anthropic"] = on(main);
    settings.targets["main-anthropic"].protocol = config::Protocol::anthropic;
    config::Version version;
    version.is_default = true;
    version.targets = {"main"};
    settings.routes["chat"].versions["1"] = version;
    version.targets = {"main-anthropic"};
    settings.routes["claude"].versions["1"] = version;
    return settings;
  }

  /// For the constructor: `backup` takes over for `main`, as a route of its own, for the targets of
  /// one version are tried in any order.
  static void with_backup(config::Settings& settings) {
    config::Version version;
    version.is_default = true;
    version.targets = {"backup"};
    settings.routes["spare"].versions["1"] = version;
    settings.routes["chat"].fallbacks = {"spare"};
    settings.retry.base = settings.retry.cap = config::Duration{0};
  }

  testing::TemporaryDirectory directory;
  testing::Listener main;
  testing::Listener backup;
  HealthBoard health;
  ContinuityBook continuity;
  store::Names names;
  TargetRegistry targets;
  std::atomic<bool> ready{true};
  std::unique_ptr<store::Journal> journal;
  std::unique_ptr<Worker> worker;
  std::future<void> stopped;
  std::uint16_t port = 0;
};

}  // namespace tallygate
