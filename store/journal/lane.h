#pragma once
// A lane carries one worker's records to the journal thread. Vectors are swapped, not copied: the
// journal thread leaves used records in the vector it gives back, so that the worker frees what the
// worker allocated.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "store/journal/bell.h"
#include "store/journal/journal.h"
#include "store/tally/live_counts.h"

namespace tallygate::store {

/// At most this many records in one WriteBatch, and in a worker's open batch.
inline constexpr std::size_t kMaxBatchRecords = 512;

/// What all lanes share: the bounds of the queue and the journal thread's bell.
struct Intake {
  std::size_t max_records = 0;
  std::size_t max_bytes = 0;
  std::atomic<std::uint64_t> records{0};  ///< handed over and not yet committed
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> dropped{0};
  Bell bell;
};

/// What a record holds in memory.
std::size_t bytes_of(const router::Record& record);

struct Lane {
  Lane(Intake& shared, std::function<void()> wake_worker)
      : intake(shared), producer(*this), wake_(std::move(wake_worker)) {}

  /// What the journal thread takes in one turn.
  struct Load {
    std::vector<router::Record> records;
    std::size_t bytes = 0;
    std::uint64_t up_to = 0;  ///< committed() once these are
  };

  // On the worker's thread.
  std::uint64_t append(router::Record&& record);
  void hand_over();
  /// The worker ends: it is not woken any more once this returns.
  void retire();

  // On the journal thread.
  /// Swaps what waits into `load`, whose old records go back to the worker. False = nothing new.
  bool take(Load& load);
  void publish(std::uint64_t number);
  /// From now on hand_over() drops, since no one will take.
  void close();

  Intake& intake;
  Journal::Producer producer;
  LiveCounts started;
  alignas(64) std::atomic<std::uint64_t> committed{0};

 private:
  std::size_t drop_what_does_not_fit();

  // The worker's.
  alignas(64) std::vector<router::Record> open_;
  std::size_t open_bytes_ = 0;
  std::uint64_t last_number_ = 0;

  // Both threads'.
  std::mutex wake_mutex_;  ///< held while the worker is woken, so that it cannot end meanwhile
  std::function<void()> wake_;
  alignas(64) std::atomic<bool> ready_{false};
  std::mutex mutex_;
  std::vector<router::Record> queued_;  ///< leftovers of a former turn unless `fresh_`
  std::size_t queued_bytes_ = 0;
  std::uint64_t queued_up_to_ = 0;
  bool fresh_ = false;
  bool closed_ = false;
};

}  // namespace tallygate::store
