#include "gateway/http/loop/task.h"

#include <spdlog/spdlog.h>

namespace tallygate::http {
namespace {

/// The frame that owns a spawned task and goes with it.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

Detached run(Task<void> task) {
  try {
    co_await std::move(task);
  } catch (const std::exception& failure) {
    spdlog::error("a connection was given up: {}", failure.what());
  }
}

}  // namespace

void spawn(Task<void> task) { run(std::move(task)); }

}  // namespace tallygate::http
