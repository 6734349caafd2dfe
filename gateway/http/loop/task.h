#pragma once
// The coroutines of a worker. A Task starts when it is awaited and runs inside that call, so that
// one which never has to wait costs its frame and nothing else; one that parks gives its caller
// back the thread, and goes on inside whatever wakes it. One worker's thread only.

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "gateway/http/loop/frame_pool.h"

namespace tallygate::http {

template <class T>
class Task;

namespace detail {

struct TaskPromise : PooledFrame {
  struct ResumeCaller {
    bool await_ready() const noexcept { return false; }
    /// The caller may end this coroutine's frame: nothing of it is touched after.
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      if (const auto waiting = ended.promise().caller) waiting.resume();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  ResumeCaller final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }

  std::coroutine_handle<> caller;  ///< set once the coroutine has parked
  std::exception_ptr failure;
};

template <class T>
struct ValuePromise : TaskPromise {
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() { return std::move(*value); }

  std::optional<T> value;
};

template <>
struct ValuePromise<void> : TaskPromise {
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  struct promise_type : detail::ValuePromise<T> {
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  /// False, and the caller goes straight on, if it ran to its end without parking.
  bool await_suspend(std::coroutine_handle<> caller) {
    handle_.resume();
    if (handle_.done()) return false;
    handle_.promise().caller = caller;
    return true;
  }
  T await_resume() {
    auto& promise = handle_.promise();
    if (promise.failure) std::rethrow_exception(promise.failure);
    return promise.take();
  }

 private:
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}

  Handle handle_;
};

/// Runs the task up to where it parks first; it then lives on by itself. What it throws ends it
/// and is logged.
void spawn(Task<void> task);

}  // namespace tallygate::http

namespace tallygate {
using http::Task;
}
