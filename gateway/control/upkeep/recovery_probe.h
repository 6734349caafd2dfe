#pragma once
// Asks benched targets now and then whether they are back, if blacklist.probe says so: GET
// {base}/models with the target's own credential, TLS and address rules. A status of 2xx pardons
// early. Benches by hand are left alone.

#include <atomic>
#include <functional>
#include <memory>

#include "gateway/events/outbound_call.h"
#include "gateway/worker.h"

namespace tallygate {

/// The request that is sent to `target`.
OutboundCall probe_of(const UpstreamTarget& target, std::chrono::milliseconds timeout);

class RecoveryProbe {
 public:
  static constexpr int kMostAtOnce = 16;
  using View = std::shared_ptr<const WorkerView>;

  RecoveryProbe(asio::io_context& io, HealthBoard& health, std::function<View()> view)
      : io_(io), health_(health), view_(std::move(view)) {}

  /// Each second, one at a time; control's pool. The requests run on control's loop.
  void tick(SteadyTime now);

 private:
  Awaitable<void> probe(std::shared_ptr<const UpstreamTarget> target, SteadyTime benched_until,
                        std::chrono::milliseconds timeout);

  asio::io_context& io_;
  HealthBoard& health_;
  std::function<View()> view_;
  SteadyTime next_{};
  std::atomic<int> running_{0};
};

}  // namespace tallygate
