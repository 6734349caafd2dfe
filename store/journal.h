#pragma once
// The journal: every finished request, in RocksDB, exactly once; and the tallies, which are its
// fold. One journal thread owns both. Workers hand over batches and are told when they are
// committed (written to the write-ahead log and folded), in order.
//
// Threads: open() and close() on the starter's; each Producer on its worker's; tallies() and
// status() from any; records are read through JournalReader on a thread that may block.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "router/record.h"
#include "router/tally.h"
#include "store/names.h"

namespace rocksdb {
class Env;
}

namespace tallygate::store {

class JournalCore;
struct Lane;

struct JournalOptions {
  std::string path;  ///< the directory of this database, created if missing
  std::chrono::milliseconds fsync_interval{1000};
  std::chrono::milliseconds retention{std::chrono::hours{24 * 30}};
  bool index_response_ids = true;
  std::size_t index_segment_entries = 128 * 1024;  ///< gathered in memory between two index writes
  std::chrono::milliseconds checkpoint_interval{5000};
  std::size_t max_queued_records = 64 * 1024;
  std::size_t max_queued_bytes = std::size_t{32} << 20;
  rocksdb::Env* env = nullptr;  ///< where the files are; null = the file system
};

/// Counters for telemetry and /readyz; all monotonic but the gauges named so.
struct JournalStatus {
  std::uint64_t committed = 0;
  std::uint64_t dropped = 0;  ///< queue full, or the disk refused until close(): not recorded
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
    /// When the worker ends, after its last hand_over(): `wake` is not called any more. What was
    /// handed over is still committed.
    void retire();
    std::uint64_t committed() const;

   private:
    friend struct Lane;
    explicit Producer(Lane& lane) : lane_(&lane) {}
    Lane* lane_;
  };

  /// Fills `names`, which must be new (or hold what this journal holds) and outlive the journal.
  /// storage_unavailable: the directory cannot be used or is open elsewhere; storage_corrupt: it
  /// is damaged. Both messages say what to do.
  static Result<std::unique_ptr<Journal>> open(const JournalOptions& options, Names& names);
  ~Journal();

  /// `wake` is called on the journal thread when committed() of this producer has advanced; it
  /// must be cheap and thread-safe (the worker posts to itself).
  Producer& add_producer(std::function<void()> wake);

  TallySet tallies() const;
  JournalStatus status() const;
  /// Blocking; for the admin API's pool and tests. not_found when there is none.
  Result<router::Record> find(const Uuid& id) const;
  Result<router::Record> find_by_response_id(std::string_view response_id) const;

  /// Forgets records made more than `retention` before `now`; tallies keep them. Blocking: call
  /// it at start and every few minutes, from a thread that may block.
  Result<void> purge(WallTime now);

  /// Writes what is queued, a last checkpoint, and syncs. Idempotent.
  void close();

 private:
  explicit Journal(std::unique_ptr<JournalCore> core);
  std::unique_ptr<JournalCore> core_;
};

}  // namespace tallygate::store
