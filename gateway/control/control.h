#pragma once
// The control thread: signals, reloads, the admin listener, what happens by itself. What may block
// runs on a small pool, never on this thread, which alone builds views (routing_table.h).

#include <atomic>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/load.h"
#include "gateway/admin/admin_server.h"
#include "gateway/control/admin_backend.h"
#include "gateway/control/process.h"
#include "gateway/control/upkeep/blacklist_keeper.h"
#include "gateway/control/upkeep/certificates.h"
#include "gateway/control/upkeep/file_watch.h"
#include "gateway/control/upkeep/recovery_probe.h"
#include "gateway/control/upkeep/retention.h"
#include "gateway/control/upkeep/store_news.h"
#include "gateway/control/upkeep/ticks.h"
#include "gateway/control/view/routing_table.h"
#include "gateway/events/webhook_sender.h"
#include "gateway/lifecycle/memory_watch.h"
#include "gateway/lifecycle/watchdog.h"
#include "gateway/telemetry/exposition.h"

namespace tallygate {

struct ControlOptions {
  std::string config_file;
  std::string config_text;  ///< of the file as it was loaded
  int admin_listener = -1;  ///< taken over
};

class Control {
 public:
  Control(ControlOptions options, Process process);
  ~Control();

  /// The first view, before there are workers. Errors are those of targets, TLS files and the
  /// catalog.
  Result<std::shared_ptr<const WorkerView>> prepare(
      std::shared_ptr<const config::Settings> settings, std::uint32_t worker_count);

  /// Before run(): looks after the process's memory too.
  void watch_memory(lifecycle::Overload& overload);
  /// The thread's body, until a signal to stop has come and the workers have drained.
  void run(std::vector<std::unique_ptr<Worker>>& workers);
  /// Any thread: from when `paused` is called, on control's, admin connections stay in the
  /// listener, and calls that had begun are answered, unless they take long.
  void pause_accepting(std::function<void()> paused);
  void resume_accepting();
  /// Any thread: another process serves by now; what is under way here is served, then run() ends.
  void leave_to_successor();
  bool is_draining() const { return draining_.load(); }
  std::chrono::milliseconds drain_patience() const { return routing_.file()->timeouts.drain; }
  /// Any thread: run() returns.
  void stop();

 private:
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;

  void await_signals();
  void reload_once_more();
  void stop_at_signal();
  void begin_drain(bool replaced);
  void purge_now_and_then();
  void tick_later();
  void finish_pool();
  AdminOptions admin_options();
  void watch_certificates();
  void keep_manager_informed();
  void await_calls(SteadyTime patience, std::function<void()> done);
  // Of the pool's threads:
  api::ReloadOutcome reload();
  void reload_if_changed();
  api::ReloadOutcome load_and_apply();
  void apply(const config::Settings& settings, api::ReloadOutcome& outcome);
  void renew_certificates();
  void renew_authorities();
  telemetry::ControlSample sample_control() const;
  std::string render_metrics(telemetry::Format format) const;

  ControlOptions options_;
  Process process_;
  asio::io_context io_{1};
  asio::thread_pool pool_;
  asio::basic_signal_set<Executor> signals_;
  Retention retention_;
  StoreNews store_news_;
  SteadyTime next_purge_{};
  Timer purge_timer_;
  Timer tick_timer_;
  FileWatch file_watch_;
  Certificates certificates_;
  std::vector<std::string> watched_files_;  ///< the loop's thread; so are their watches
  std::vector<std::unique_ptr<FileWatch>> certificate_watches_;
  RoutingTable routing_;
  BlacklistKeeper blacklist_;
  RecoveryProbe probe_;
  WebhookSender webhooks_;
  Ticks ticks_;
  std::unique_ptr<lifecycle::MemoryWatch> memory_;
  std::unique_ptr<lifecycle::Watchdog> watchdog_;  ///< null = nobody asks for it
  AdminBackend backend_;
  std::unique_ptr<AdminServer> admin_;
  std::vector<std::unique_ptr<Worker>>* workers_ = nullptr;
  std::atomic<bool> draining_{false};
  bool told_to_stop_ = false;  ///< by a signal
  std::atomic<bool> is_reload_asked_{false};
  double start_seconds_ = 0;

  std::mutex reloading_;                            ///< one at a time
  std::map<std::string, std::string> authorities_;  ///< texts of ca_files in use, under reloading_
  std::string loaded_text_;  ///< of the file when it was last read, under reloading_
  mutable std::mutex mutex_;
  bool last_reload_ok_ = true;
  double last_reload_seconds_ = 0;
};

}  // namespace tallygate
