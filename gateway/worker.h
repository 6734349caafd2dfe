#pragma once
// One core's share of the gate: a thread, its event loop, its acceptor, its upstream pools, its end
// of the journal. Everything but the functions marked "any thread" belongs to that thread.

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "gateway/access/key_table.h"
#include "gateway/access/refusals.h"
#include "gateway/exchange/attempt/attempt_log.h"
#include "gateway/exchange/attempt/retry_budget.h"
#include "gateway/exchange/commit_queue.h"
#include "gateway/exchange/continuity_book.h"
#include "gateway/exchange/mirror/mirror_budget.h"
#include "gateway/exchange/own_fields.h"
#include "gateway/http/loop/event_loop.h"
#include "gateway/http/upstream_pool.h"
#include "gateway/lifecycle/overload.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/upstream/health_board.h"
#include "gateway/upstream/upstream_target.h"
#include "gateway/wire/inspect.h"
#include "store/journal/journal.h"

namespace tallygate {

class ControlDesk;

/// What a worker serves by; replaced whole, so that no request sees half a change.
struct WorkerView {
  std::shared_ptr<const config::Settings> settings;
  std::shared_ptr<const router::Snapshot> snapshot;
  /// By TargetSlot; null where this view has no such target.
  std::vector<std::shared_ptr<const UpstreamTarget>> targets;
  http::TlsContext data_tls;           ///< null = plain
  access::KeyTablePtr keys;            ///< null = none
  std::uint32_t connection_limit = 0;  ///< client connections per worker
};

/// What all workers share; outlives them.
struct SharedParts {
  HealthBoard& health;
  store::Names& names;
  store::Journal& journal;
  std::atomic<bool>& ready;  ///< what /readyz answers
  std::shared_ptr<telemetry::SeriesLimit> series_limit;
  ContinuityBook& continuity;
  ControlDesk* desk = nullptr;  ///< null = nobody is there
  std::shared_ptr<lifecycle::Overload> overload = std::make_shared<lifecycle::Overload>();
  std::shared_ptr<RetryFloor> retry_floor = std::make_shared<RetryFloor>();
};

class Worker {
 public:
  Worker(SharedParts shared, std::shared_ptr<const WorkerView> view);
  ~Worker();

  /// The thread's body: accepts on `listeners` (taken over) until stopped.
  void run(const std::vector<int>& listeners);
  void run(int listener) { run(std::vector<int>{listener}); }

  /// Any thread: serves by `view` from the next turn on, then calls `adopted` on this worker.
  void adopt(std::shared_ptr<const WorkerView> view, std::function<void()> adopted);
  /// Any thread: no new connections, idle ones close, answers say Connection: close; run() returns
  /// when the last connection ended, at the latest after `patience`. Called again, the shorter
  /// patience counts.
  void drain(std::chrono::milliseconds patience);
  /// The same, when another process serves the port by now: an idle connection may still send one
  /// request for a while, since a client that is just about to would find it closed.
  void drain_for_successor(std::chrono::milliseconds patience);
  /// Any thread: from when `paused` is called on this worker, connections stay in the listeners.
  void pause_accepting(std::function<void()> paused);
  void resume_accepting();
  /// Any thread: `task` runs on this worker; by the caller itself if the worker has ended.
  void post(std::function<void()> task);

  // For the connections of this worker.
  http::EventLoop loop;
  wire::Inspector inspector;
  telemetry::WorkerMetrics metrics;
  CommitQueue commits;
  RetryBudget retry_budget;
  AttemptLog attempt_log;
  MirrorBudget mirrors;
  OwnFields own_fields;
  access::Refusals refusals;
  std::string header_block;  ///< for rendering; never held across a park

  const WorkerView& view() const { return *view_; }
  SharedParts& shared() { return shared_; }
  store::Journal::Producer& journal() { return *journal_; }
  /// Null if the slot was never used and its target went with a reload.
  http::UpstreamPool* pool(router::TargetSlot slot);
  std::uint64_t dice() { return dice_(); }
  Uuid make_id() { return make_uuid_v7(loop.now.wall, dice_(), dice_()); }
  /// The value of a Date header, rendered once a second.
  std::string_view date() const { return date_; }
  const bool& draining() const { return draining_; }
  bool may_accept() const {
    return !draining_ && !accepting_paused_ && pressure_ != lifecycle::Pressure::critical;
  }
  /// Answers end their connections.
  bool closes_connections() const { return draining_ || pressure_ != lifecycle::Pressure::none; }
  /// Connections between two requests end.
  bool closes_idle() const { return closes_idle_; }
  /// Requests are refused: memory is short.
  bool sheds_load() const { return pressure_ == lifecycle::Pressure::critical; }
  /// Another process serves the port: this one drains, and the service is up.
  bool is_replaced() const { return is_replaced_; }
  /// The drain has lasted its time: what still waits is cut short, and nobody else is to blame.
  bool patience_is_over() const { return patience_is_over_; }

  /// Counts a client connection for its lifetime.
  class ConnectionCount {
   public:
    explicit ConnectionCount(Worker& worker) : worker_(worker) { ++worker_.connections_; }
    ~ConnectionCount() { --worker_.connections_; }
    ConnectionCount(const ConnectionCount&) = delete;
    ConnectionCount& operator=(const ConnectionCount&) = delete;

   private:
    Worker& worker_;
  };
  bool has_room_for_connection() const { return connections_ < view_->connection_limit; }
  std::uint32_t refused_connections = 0;  ///< whose close is still awaited

 private:
  /// False when the drain is over.
  bool turn();
  void run_posted();
  void tick();
  void tick_drain();
  void follow_pressure();
  void wake_acceptors();
  void begin_drain(std::chrono::milliseconds patience, std::chrono::milliseconds idle_patience);
  std::chrono::milliseconds time_to_wait() const;

  SharedParts shared_;
  std::shared_ptr<const WorkerView> view_;
  store::Journal::Producer* journal_ = nullptr;
  std::vector<std::unique_ptr<http::UpstreamPool>> pools_;  ///< by TargetSlot
  std::mt19937_64 dice_;
  std::string date_;
  std::time_t date_second_ = 0;
  SteadyTime next_tick_{};
  SteadyTime drain_deadline_ = http::kNever;
  SteadyTime idle_deadline_ = http::kNever;
  std::deque<http::Parking> acceptors_;  ///< one for each listener
  lifecycle::Pressure pressure_ = lifecycle::Pressure::none;
  std::uint32_t connections_ = 0;
  bool accepting_paused_ = false;
  bool draining_ = false;
  bool closes_idle_ = false;
  bool is_replaced_ = false;
  bool patience_is_over_ = false;
  std::atomic<bool> asleep_{false};
  std::mutex inbox_mutex_;
  bool ended_ = false;
  std::vector<std::function<void()>> inbox_;  ///< posted by other threads
};

}  // namespace tallygate
