#pragma once
// Requests that one worker sent on their way, finished or not, by the variant key they will count
// under. The journal knows of a request only once it has ended; what is in flight is seen here.
// add() on the worker's thread; take() on any, one at a time by itself.

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <mutex>

#include "router/tally/tally_key.h"

namespace tallygate::store {

class LiveCounts {
 public:
  /// Locks and allocates only for a key that is new to this worker.
  void add(const router::TallyKey& key, std::uint64_t count);

  /// Calls `visit(key, count)` with what was added since the last take.
  template <class Visit>
  void take(const Visit& visit) {
    const std::lock_guard lock(mutex_);
    for (Entry& entry : entries_) {
      const std::uint64_t count = entry.count.load(std::memory_order_relaxed);
      if (count != entry.taken) visit(entry.key, count - entry.taken);
      entry.taken = count;
    }
  }

 private:
  struct Entry {
    explicit Entry(const router::TallyKey& its) : key(its) {}
    router::TallyKey key;
    std::atomic<std::uint64_t> count{0};  ///< the worker alone writes it
    std::uint64_t taken = 0;              ///< under the mutex
  };
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(const router::TallyKey& key) const { return router::hash_of(key); }
  };
  Entry& add_entry(const router::TallyKey& key);

  boost::unordered_flat_map<router::TallyKey, Entry*, Hash> by_key_;  ///< the worker's
  std::mutex mutex_;
  std::deque<Entry> entries_;  ///< they stay where they are
};

}  // namespace tallygate::store
