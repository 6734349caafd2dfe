#pragma once
// Sends webhooks from control's loop: in order and one at a time per URL, again and again with
// growing pauses, until a message is delivered, too old or tried too often. What waits is bounded;
// what is over it is dropped and counted. Nothing is kept over a restart: alerts are, in the
// catalog, and /-/events shows what was sent.

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/time.h"
#include "gateway/events/webhook_post.h"

namespace tallygate {

/// What only control has. `secret` reads what the webhook's secret_ref names, if it may be used for
/// its url; its errors do not hold the value.
struct WebhookSurroundings {
  std::function<Moment()> now;
  std::function<double()> dice;  ///< in [0, 1)
  std::function<Result<std::string>(const Webhook& webhook)> secret;
};

class WebhookSender {
 public:
  /// `tls` verifies; null = https is refused.
  WebhookSender(asio::io_context& io, WebhookSurroundings surroundings, http::TlsContext tls,
                WebhookLimits limits = {});

  /// Any thread.
  void send(Webhook webhook);
  /// The loop's thread: nothing is begun any more.
  void stop();

  /// Any thread. Every message ends as one of delivered and dropped.
  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t dropped() const { return dropped_; }
  std::uint64_t failed_tries() const { return failed_tries_; }
  std::uint64_t waiting() const { return queued_; }

 private:
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;
  struct Pending {
    Webhook webhook;
    SteadyTime queued{};
    int tries = 0;
  };
  struct Lane {
    explicit Lane(asio::io_context& io) : pause(io.get_executor()) {}
    std::deque<Pending> queue;
    Timer pause;
  };

  void enqueue(Webhook webhook);
  Awaitable<void> run_lane(std::string url, std::shared_ptr<Lane> lane);
  Awaitable<Result<void>> try_once(const Webhook& webhook);
  bool gives_up(const Pending& pending) const;
  void drop(const Webhook& webhook, const std::string& why);

  asio::io_context& io_;
  WebhookSurroundings surroundings_;
  http::TlsContext tls_;
  WebhookLimits limits_;
  std::map<std::string, std::shared_ptr<Lane>> lanes_;  ///< by URL, while something waits
  std::atomic<std::size_t> queued_{0};
  bool stopped_ = false;
  std::atomic<std::uint64_t> delivered_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> failed_tries_{0};
};

}  // namespace tallygate
