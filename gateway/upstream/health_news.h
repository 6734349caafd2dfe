#pragma once
// What workers tell control of targets: benches to be written down, recoveries, credentials that
// are refused. Rare by nature and bounded all the same. Any thread.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "base/uuid.h"
#include "router/record.h"
#include "router/snapshot.h"

namespace tallygate {

/// The attempt that brought it about.
struct HealthEvidence {
  Errc cause = Errc::internal;
  std::uint16_t status = 0;  ///< upstream's, 0 = none came
  Uuid request;
  WallTime at{};
  std::uint32_t failures_in_row = 0;
};

struct HealthNews {
  enum class Kind : std::uint8_t {
    benched,
    recovered,      ///< a request succeeded after the bench
    revived,        ///< the probe succeeded during the bench
    changed,        ///< by hand, or by other settings: the document may need to follow
    misconfigured,  ///< refuses our credential, or does not know the model
  };
  Kind kind = Kind::changed;
  router::TargetSlot slot = 0;
  router::NameId target = 0;
  HealthEvidence evidence = {};  ///< of benched and misconfigured
  SteadyTime benched_until{};    ///< of benched
  std::uint32_t count = 0;       ///< misconfigured: refusals since the last success
  /// Set once what it tells is in the catalog, or cannot be for now; may be null.
  std::shared_ptr<std::atomic<bool>> written = {};
};

class HealthNewsQueue {
 public:
  static constexpr std::size_t kMost = 1024;

  /// Before there are workers. `ring` is called with each push into an empty queue, on the thread
  /// that pushes: it only posts.
  void listen(std::function<void()> ring);
  /// False: nobody listens, or the queue is full.
  bool push(HealthNews news);
  std::vector<HealthNews> take();

 private:
  std::mutex mutex_;
  std::function<void()> ring_;
  std::vector<HealthNews> waiting_;
};

}  // namespace tallygate
