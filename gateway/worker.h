#pragma once
// One core's share of the gate: a thread, its event loop, its acceptor, its upstream pools, its end
// of the journal. Everything but the functions marked "any thread" belongs to that thread.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "gateway/exchange/attempt/attempt_log.h"
#include "gateway/access/key_table.h"
#include "gateway/access/refusals.h"
#include "gateway/exchange/attempt/retry_budget.h"
#include "gateway/exchange/commit_queue.h"
#include "gateway/exchange/continuity_book.h"
#include "gateway/exchange/mirror_budget.h"
#include "gateway/exchange/own_fields.h"
#include "gateway/http/loop/event_loop.h"
#include "gateway/http/upstream_pool.h"
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
};

class Worker {
 public:
  Worker(SharedParts shared, std::shared_ptr<const WorkerView> view);
  ~Worker();

  /// The thread's body: accepts on `listener` (taken over) until stopped.
  void run(int listener);

  /// Any thread: serves by `view` from the next turn on, then calls `adopted` on this worker.
  void adopt(std::shared_ptr<const WorkerView> view, std::function<void()> adopted);
  /// Any thread: no new connections, idle ones close, answers say Connection: close; run() returns
  /// when the last connection ended, at the latest after `patience`.
  void drain(std::chrono::milliseconds patience);
  /// Any thread: `task` runs on this worker; by the caller itself if the worker has ended.
  void post(std::function<void()> task);

  // For the connections of this worker.
  http::EventLoop loop;
  wire::Inspector inspector;
  telemetry::WorkerMetrics metrics;
  CommitQueue commits;
  RetryBudget retry_budget;
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
  /// The drain has lasted its time: what still waits is cut short, and nobody else is to blame.
  bool patience_is_over() const { return patience_is_over_; }

  /// Counts a client connection for its lifetime.
  class ConnectionCount {
   public:
  AttemptLog attempt_log;
    explicit ConnectionCount(Worker& worker) : worker_(worker) { ++worker_.connections_; }
    ~ConnectionCount() { --worker_.connections_; }
    ConnectionCount(const ConnectionCount&) = delete;
    ConnectionCount& operator=(const ConnectionCount&) = delete;

   private:
    Worker& worker_;
  };
  bool has_room_for_connection() const { return connections_ < view_->connection_limit; }

 private:
  /// False when the drain is over.
  bool turn();
  void run_posted();
  void tick();
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
  http::Parking acceptor_;
  std::uint32_t connections_ = 0;
  bool draining_ = false;
  bool patience_is_over_ = false;
  std::atomic<bool> asleep_{false};
  std::mutex inbox_mutex_;
  bool ended_ = false;
  std::vector<std::function<void()>> inbox_;  ///< posted by other threads
};

}  // namespace tallygate
