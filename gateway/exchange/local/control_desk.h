#pragma once
// Where workers hand in what only control's pool may answer: requests of the data listener that
// read or write the catalog. Bounded: what finds no place is refused at once. Made by app; outlives
// control and the workers.

#include <atomic>
#include <functional>
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
  static constexpr int kMostWaiting = 256;

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
    if (!run_ || waiting_.fetch_add(1) >= kMostWaiting) {
      if (run_) waiting_.fetch_sub(1);
      return false;
    }
    run_([this, &call, done = std::move(done)] {
      api::AdminResponse answer = answer_(call);
      waiting_.fetch_sub(1);
      done(std::move(answer));
    });
    return true;
  }

 private:
  Run run_;
  Answer answer_;
  std::atomic<int> waiting_{0};
};

}  // namespace tallygate
