#pragma once
// One worker's connections to one target: keep-alive, last in first out. An idle connection on
// which anything arrives, its end included, is never used again. One worker's thread only.

#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "gateway/http/loop/event_loop.h"
#include "gateway/http/loop/stream.h"
#include "gateway/http/message/response_parser.h"
#include "gateway/upstream/upstream_target.h"

namespace tallygate::http {

/// Counts itself among its target's connections, in the process and in its worker.
class UpstreamConnection {
 public:
  UpstreamConnection(Reactor& reactor, int fd, std::atomic<std::uint32_t>& open,
                     std::uint32_t& open_here)
      : stream(reactor, fd), open_(open), open_here_(open_here) {
    open_.fetch_add(1, std::memory_order_relaxed);
    ++open_here_;
  }
  ~UpstreamConnection() {
    open_.fetch_sub(1, std::memory_order_relaxed);
    --open_here_;
  }
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;

  Stream stream;
  ResponseParser parser;
  boost::asio::ip::tcp::endpoint address;
  SteadyTime idle_since{};
  bool reused = false;

 private:
  std::atomic<std::uint32_t>& open_;
  std::uint32_t& open_here_;
};

using UpstreamPtr = std::unique_ptr<UpstreamConnection>;

class UpstreamPool {
 public:
  UpstreamPool(std::shared_ptr<const UpstreamTarget> target, std::atomic<std::uint32_t>& open)
      : target_(std::move(target)), open_(open) {}

  const UpstreamTarget& target() const { return *target_; }
  std::atomic<std::uint32_t>& open_connections() { return open_; }
  bool may_open_another() const {
    return open_.load(std::memory_order_relaxed) < target_->max_connections;
  }

  /// The freshest idle connection on which nothing has arrived; null when there is none.
  UpstreamPtr take_idle(SteadyTime now, std::chrono::milliseconds idle_limit);
  /// A connection whose last answer was read to its end; closed if the target's name no longer
  /// stands for its address.
  void put_idle(UpstreamPtr connection, SteadyTime now);
  /// Closes what died, idled too long or goes to an address that the name no longer stands for;
  /// with a limit of zero, everything.
  void sweep(SteadyTime now, std::chrono::milliseconds idle_limit);

  /// Those who wait for a connection because the target has its maximum; woken one per release.
  void add_waiter(Parking& parking) { waiters_.push_back(&parking); }
  void remove_waiter(Parking& parking);
  void wake_one_waiter();

  std::size_t idle_count() const { return idle_.size(); }
  /// Of this worker, idle ones included.
  std::uint32_t& open_here() { return open_here_; }

 private:
  bool is_current(const UpstreamConnection& connection) const;

  std::shared_ptr<const UpstreamTarget> target_;
  std::shared_ptr<const Addresses> addresses_;  ///< as of the last sweep
  std::atomic<std::uint32_t>& open_;
  std::uint32_t open_here_ = 0;  ///< before idle_, which counts down at its end
  std::vector<UpstreamPtr> idle_;
  std::deque<Parking*> waiters_;
};

}  // namespace tallygate::http
