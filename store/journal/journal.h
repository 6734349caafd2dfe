#pragma once
// The journal: every finished request, in RocksDB, exactly once; and the tallies, which are its
// fold. One journal thread owns both. Workers hand over batches and are told when they are
// committed (written to the write-ahead log and folded), in order.
//
// Threads: open() and close() on the starter's; each Producer on its worker's; tallies(), totals(),
// units() and status() from any; series() and whatever else blocks on one that may block; other
// processes read records through JournalReader.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "router/record.h"
#include "router/tally/tally.h"
#include "store/journal/names.h"
#include "store/store_trouble.h"
#include "store/tally/series.h"

namespace rocksdb {
class Env;
}

namespace tallygate::store {

class JournalCore;
struct Lane;
struct RecordPage;    // store/journal/reading/record_search.h
struct RecordSearch;  // the same
struct UnitCounts;    // store/tally/unit_counts.h

struct JournalOptions {
  std::string path;  ///< the directory of this database, created if missing
  std::chrono::milliseconds fsync_interval{1000};
  std::chrono::milliseconds retention{std::chrono::hours{24 * 30}};
  bool index_response_ids = true;
  std::size_t index_segment_entries = 128 * 1024;  ///< gathered in memory between two index writes
  std::chrono::milliseconds checkpoint_interval{5000};
  std::size_t max_queued_records = 64 * 1024;
  std::size_t max_queued_bytes = std::size_t{32} << 20;
  std::chrono::milliseconds slow_after{5000};    ///< a write that takes longer is trouble
  std::chrono::milliseconds close_within{8000};  ///< then close() leaves what hangs; half of it
                                                 ///< it tries to write what is queued
  /// Opens a log that ends before what was once synced, so that something is lost, all the same.
  bool accept_lost_tail = false;
  rocksdb::Env* env = nullptr;  ///< where the files are; null = the file system
};

/// Counters for telemetry and /readyz; all monotonic but the gauges named so.
struct JournalStatus {
  std::uint64_t committed = 0;
  /// Not recorded: the queue was full, the disk refused until close(), or `lost`.
  std::uint64_t dropped = 0;
  std::uint64_t lost = 0;  ///< of those: committed, and not there any more when it was opened again
  std::uint64_t batches = 0;
  std::uint64_t write_errors = 0;
  std::uint64_t reopened = 0;
  std::uint64_t stalls = 0;                   ///< times that RocksDB began to put writes off
  std::uint64_t queued = 0;                   ///< gauge
  StoreTrouble trouble = StoreTrouble::none;  ///< gauge: what keeps records waiting
  std::string last_error;                     ///< stays after the trouble is over

  bool degraded() const { return trouble != StoreTrouble::none; }
};

/// A copy of tallies at one commit point.
struct TallySet {
  std::uint64_t last_batch = 0;
  std::vector<std::pair<router::TallyKey, router::Tally>> entries;
};

/// Their plain sums only: for summaries over thousands of keys.
struct TotalsSet {
  std::uint64_t last_batch = 0;
  std::vector<std::pair<router::TallyKey, router::Totals>> entries;
};

/// Requests of an experiment's variant that were sent on their way.
struct Started {
  router::TallyKey key;
  std::uint64_t count = 0;
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
    /// Requests of an experiment are on their way; `key` is the variant's. Their records follow.
    void count_started(const router::TallyKey& key, std::uint64_t count = 1);
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
  TallySet tallies(const router::TallyFilter& filter) const;
  /// Those of `keys` that are there.
  TallySet tallies_at(std::span<const router::TallyKey> keys) const;
  /// The sum of all performance tallies, which is kept: it costs the same with any number of keys.
  router::Tally total() const;
  TotalsSet totals(const router::TallyFilter& filter) const;
  /// The points of `query` that have records, ascending, up to the last committed record. Blocking;
  /// reads one stretch for each key that passes. invalid_parameter: `to` is not after `from`, or it
  /// is more than kMaxSeriesPoints away; storage_unavailable: the database is being reopened.
  Result<std::vector<SeriesPoint>> series(const SeriesQuery& query) const;
  /// How many units an experiment has seen, by the epoch and arm of their first exposure.
  UnitCounts units(router::NameId experiment) const;
  /// For an experiment that has ended: its unit counts are frozen and what they were counted with
  /// is freed. Blocking; when it returns it survives a crash. storage_unavailable: call it again.
  Result<void> forget_experiment(router::NameId experiment);
  JournalStatus status() const;
  /// Blocking; for the admin API's pool and tests. not_found when there is none.
  Result<router::Record> find(const Uuid& id) const;
  Result<router::Record> find_by_response_id(std::string_view response_id) const;
  /// A page of the records that match, newest first. Blocking, within the limits of the search.
  Result<RecordPage> search(const RecordSearch& search) const;

  /// Forgets records made more than `retention` before `now`; tallies keep them. Forgets points of
  /// time series that are too old. Blocking: call it at start and every few minutes, from a thread
  /// that may block.
  Result<void> purge(WallTime now);

  /// A consistent copy into `folder` (RocksDB BackupEngine: incremental), beside writes: what is
  /// committed when it begins is in it. Returns its number. Blocking.
  Result<std::uint32_t> backup(const std::string& folder) const;

  /// Where records go while another process writes the database, and what was started there. True:
  /// it has committed them all. Called on the journal thread, which waits for it.
  using Forward = std::function<bool(std::span<const router::Record* const> records,
                                     std::span<const Started> started)>;

  // For a handover of the store to another process. All three block.

  /// Writes and syncs what is queued and closes the database: another process may open it. From now
  /// on records wait in their lanes and readers for the database, both within bounds, and tallies
  /// stand still. storage_unavailable: the disk refuses writes, or somebody reads for long, and the
  /// database is still this journal's.
  Result<void> release();
  /// Opens the database again, and what has waited is written. storage_unavailable: it is another
  /// process's, or the disk's fault.
  Result<void> take_back();
  /// After release(): what has waited and what comes goes to `forward`, until close().
  Result<void> forward_to(Forward forward);

  /// Writes what is queued, a last checkpoint, and syncs. Idempotent. False when the disk did not
  /// answer within `close_within`: what hangs is left behind with its threads, which use `names`,
  /// so that the process should end without returning from main; what was queued counts as dropped.
  bool close();

 private:
  explicit Journal(std::shared_ptr<JournalCore> core);
  std::shared_ptr<JournalCore> core_;
  bool closed_ = false;
  bool left_behind_ = false;
};

}  // namespace tallygate::store
