#pragma once
// The journal: every finished request, in RocksDB, exactly once; and the tallies, which are its
// fold. One journal thread owns both. Workers hand over batches and are told when they are
// committed (written to the write-ahead log and folded), in order.
//
// Threads: open() and close() on the starter's; each Producer on its worker's; tallies() and
// status() from any; records are read through JournalReader on a thread that may block.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "router/record.h"
#include "router/tally.h"
#include "store/names.h"

namespace tallygate::store {

struct JournalOptions {
  std::string path;  ///< the directory of this database, created if missing
  std::chrono::milliseconds fsync_interval{1000};
  std::chrono::milliseconds retention{std::chrono::hours{24 * 30}};
  bool index_response_ids = true;
  std::chrono::milliseconds checkpoint_interval{5000};
  std::size_t max_queued_records = 64 * 1024;
  std::size_t max_queued_bytes = std::size_t{32} << 20;
};

/// Counters for telemetry and /readyz; all monotonic but the gauges named so.
struct JournalStatus {
  std::uint64_t committed = 0;
  std::uint64_t dropped = 0;  ///< queue full or disk refused: never recorded
  std::uint64_t batches = 0;
  std::uint64_t write_errors = 0;
  std::uint64_t queued = 0;  ///< gauge
  bool degraded = false;     ///< gauge: writes fail or are older than 5 s
  std::string last_error;
};

/// A copy of all tallies at one commit point.
struct TallySet {
  std::uint64_t last_batch = 0;
  std::vector<std::pair<router::TallyKey, router::Tally>> entries;
};

class Journal {
 public:
  /// One per worker, used by that worker's thread only. Records get consecutive numbers from 1;
  /// `committed()` is the highest that is committed (or given up on: a dropped record counts as
  /// answered, so that nobody waits for it).
  class Producer {
   public:
    /// Adds to the open batch; returns the record's number.
    std::uint64_t append(router::Record&& record);
    /// Once per event-loop turn: gives the open batch to the journal thread. Cheap when empty.
    void hand_over();
    std::uint64_t committed() const;

   private:
    friend class Journal;
    struct Lane;
    explicit Producer(Lane& lane) : lane_(&lane) {}
    Lane* lane_;
  };

  static Result<std::unique_ptr<Journal>> open(const JournalOptions& options, Names& names);
  ~Journal();

  /// `wake` is called on the journal thread when committed() of this producer has advanced; it
  /// must be cheap and thread-safe (the worker posts to itself).
  Producer& add_producer(std::function<void()> wake);

  TallySet tallies() const;
  JournalStatus status() const;
  /// Blocking; for the admin API's pool and tests.
  Result<router::Record> find(const Uuid& id) const;
  Result<router::Record> find_by_response_id(std::string_view response_id) const;

  /// Writes what is queued, a last checkpoint, and syncs. Idempotent.
  void close();

 private:
  struct State;
  explicit Journal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tallygate::store
