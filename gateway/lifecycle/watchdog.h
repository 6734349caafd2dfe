#pragma once
// Tells the service manager that this gate is alive, as often as that asks for it: only while
// control and every worker turn. Who is silent for too long is killed and started again. A disk
// that does not answer is no reason: requests are served without it. Control's thread.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include "gateway/http/asio.h"

namespace tallygate::lifecycle {

class Watchdog {
 public:
  /// `ask_workers` has each of them call what it is given, on its own thread; `tell` sends the sign
  /// of life. A third of `period` passes between two.
  Watchdog(asio::io_context& io, std::chrono::microseconds period,
           std::function<std::size_t(std::function<void()>)> ask_workers,
           std::function<void()> tell);
  void start();
  void stop() { timer_.cancel(); }

 private:
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;
  void look();

  Timer timer_;
  const std::chrono::microseconds interval_;
  const std::function<std::size_t(std::function<void()>)> ask_workers_;
  const std::function<void()> tell_;
  std::shared_ptr<std::atomic<std::size_t>> answers_;  ///< to the last question; null = none was
  std::size_t asked_ = 0;
};

}  // namespace tallygate::lifecycle
