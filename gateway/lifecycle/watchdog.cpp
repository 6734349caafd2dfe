#include "gateway/lifecycle/watchdog.h"

#include <atomic>
#include <utility>

namespace tallygate::lifecycle {

Watchdog::Watchdog(asio::io_context& io, std::chrono::microseconds period,
                   std::function<std::size_t(std::function<void()>)> ask_workers,
                   std::function<void()> tell)
    : timer_(io),
      interval_(period / 3),
      ask_workers_(std::move(ask_workers)),
      tell_(std::move(tell)) {}

void Watchdog::start() {
  look();
  timer_.expires_after(interval_);
  timer_.async_wait([this](error_code failed) {
    if (!failed) start();
  });
}

void Watchdog::look() {
  if (answers_ != nullptr && answers_->load() < asked_) return;  // one of them does not turn
  if (answers_ != nullptr) tell_();
  answers_ = std::make_shared<std::atomic<std::size_t>>(0);
  asked_ = ask_workers_([answers = answers_] { answers->fetch_add(1); });
}

}  // namespace tallygate::lifecycle
