#pragma once
// Where workers hand in what only control's pool may answer: requests of the data listener that
// read or write the catalog. Bounded: what finds no place is refused at once, and some of the pool
// stays free for operators. Made by app; outlives control and the workers.

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "gateway/access/key_table.h"
#include "gateway/api/admin.h"

namespace tallygate {

/// Valid until it is answered.
struct DataCall {
  const http::RequestHead& head;
  std::string_view body;
  std::string_view request_id;
  const access::Key* key = nullptr;  ///< of an application; null = nobody that we know
};

class ControlDesk {
 public:
  static constexpr std::size_t kMostWaiting = 256;
  static constexpr std::size_t kMostStrangers = 32;  ///< that wait before a caller without a key
  static constexpr int kMostRunning = 2;

  using Run = std::function<void(std::function<void()>)>;  ///< on the pool, soon
  using Answer = std::function<api::AdminResponse(const DataCall&)>;
  using Done = std::function<void(api::AdminResponse)>;

  /// Before there are workers.
  void open(Run run, Answer answer) {
    run_ = std::move(run);
    answer_ = std::move(answer);
  }

  /// Any thread: `done` is called on a thread of the pool. False: too many wait, and it is not.
  bool ask(const DataCall& call, Done done) {
    if (!run_) return false;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= (call.key != nullptr ? kMostWaiting : kMostStrangers)) return false;
      waiting_.push_back({&call, std::move(done)});
      if (running_ == kMostRunning) return true;
      ++running_;
    }
    run_([this] {
      while (auto next = take()) next->done(answer_(*next->call));
    });
    return true;
  }

 private:
  struct Waiting {
    const DataCall* call;
    Done done;
  };

  /// nullopt: none is left, and this thread of the pool is free again.
  std::optional<Waiting> take() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      --running_;
      return std::nullopt;
    }
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    return next;
  }

  Run run_;
  Answer answer_;
  std::mutex mutex_;
  std::deque<Waiting> waiting_;
  int running_ = 0;
};

}  // namespace tallygate
