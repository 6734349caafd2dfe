#pragma once
// The control thread: configuration and its reload, snapshots for the workers, names of targets,
// the admin listener, signals. Builds each new WorkerView and answers a reload only when every
// worker has adopted it. Long look-ups run on a small pool, never on this thread.

#include <atomic>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/load.h"
#include "gateway/admin_server.h"
#include "gateway/api/admin.h"
#include "gateway/control/file_watch.h"
#include "gateway/health_board.h"
#include "gateway/upstream/resolver.h"
#include "gateway/upstream/target_registry.h"
#include "gateway/worker.h"

namespace tallygate {

struct ControlOptions {
  std::string config_file;
  std::string config_text;  ///< of the file as it was loaded
  int admin_listener = -1;  ///< taken over
};

class Control {
 public:
  Control(ControlOptions options, HealthBoard& health, store::Names& names,
          std::atomic<bool>& ready);
  ~Control();

  /// The first view, before there are workers. Errors are those of targets and TLS files.
  Result<std::shared_ptr<const WorkerView>> prepare(
      std::shared_ptr<const config::Settings> settings, std::uint32_t worker_count);

  /// The thread's body, until a signal to stop has come and the workers have drained.
  void run(store::Journal& journal, std::vector<std::unique_ptr<Worker>>& workers);
  /// Any thread: run() returns.
  void stop();

 private:
  Result<std::shared_ptr<const WorkerView>> build_view(
      std::shared_ptr<const config::Settings> settings);
  void await_signals();
  void begin_drain();
  void purge_now_and_then();
  /// Blocking until the workers have adopted: the pool's threads only.
  api::ReloadOutcome reload();
  void reload_if_changed();
  api::ReloadOutcome load_and_apply();
  void apply(const config::Settings& settings, api::ReloadOutcome& outcome);
  void adopt_everywhere(const std::shared_ptr<const WorkerView>& view);
  // Of the pool's threads:
  api::AdminResponse answer(const api::AdminRequest& request);
  std::string render_metrics(telemetry::Format format) const;
  api::TargetHealth health_of(router::NameId target) const;
  std::shared_ptr<const WorkerView> current_view() const;

  ControlOptions options_;
  HealthBoard& health_;
  store::Names& names_;
  std::atomic<bool>& ready_;
  TargetRegistry targets_;
  std::uint32_t worker_count_ = 1;
  std::uint64_t generation_ = 0;

  asio::io_context io_{1};
  asio::thread_pool pool_{2};
  Resolver resolver_{io_};
  asio::basic_signal_set<Executor> signals_;
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Executor>
      purge_timer_;
  FileWatch file_watch_;
  std::unique_ptr<AdminServer> admin_;

  store::Journal* journal_ = nullptr;
  std::vector<std::unique_ptr<Worker>>* workers_ = nullptr;

  /// What the pool's threads read: replaced by this thread under the mutex.
  mutable std::mutex mutex_;
  std::shared_ptr<const WorkerView> view_;
  std::map<router::NameId, router::TargetSlot> slot_by_name_;
  bool last_reload_ok_ = true;
  double last_reload_seconds_ = 0;
  double start_seconds_ = 0;
  std::mutex reloading_;     ///< one at a time
  std::string loaded_text_;  ///< of the file when it was last read, under reloading_
  bool draining_ = false;
};

}  // namespace tallygate
