#pragma once
// The journal behind its header: what its threads share, and its two threads. The journal thread
// takes records from the lanes, writes them, folds them, and publishes; it alone opens, reopens and
// writes the database. The sync thread makes what is written survive a power loss.

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "store/journal/lane.h"
#include "store/journal/pending_index.h"
#include "store/journal/reading/record_query.h"
#include "store/rocksdb/batch.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/disk_watch.h"
#include "store/tally/tally_book.h"

namespace tallygate::store {

class JournalCore {
 public:
  JournalCore(const JournalOptions& options, Names& names);
  ~JournalCore();

  /// Opens the database, loads, starts the threads.
  Result<void> start();
  void close();

  Lane& add_lane(std::function<void()> wake);
  Result<router::Record> find(const RecordQuery& query) const;
  TallySet tallies(const router::TallyFilter& filter);
  TallySet tallies_at(std::span<const router::TallyKey> keys);
  router::Tally total() const;
  TotalsSet totals(const router::TallyFilter& filter) const;
  UnitCounts units(router::NameId experiment) const;
  Result<std::vector<SeriesPoint>> series(const SeriesQuery& query) const;
  JournalStatus status() const;
  Result<void> purge(WallTime now);
  Result<void> forget_experiment(router::NameId experiment);
  // journal_lease.cpp; see Journal
  Result<void> release();
  Result<void> take_back();
  Result<void> forward_to(Journal::Forward forward);
  /// Runs `read` on the open database; storage_unavailable when there is none at the moment. One
  /// that is being handed over is waited for.
  template <class Read>
  auto with_database(const Read& read) const -> decltype(read(std::declval<Database&>())) {
    std::shared_lock lock(database_mutex_);
    if (is_lent_) back_.wait_for(lock, kLoanPatience, [this] { return !is_lent_; });
    if (database_ == nullptr) {
      return make_error(Errc::storage_unavailable, "journal: the database is not open");
    }
    return read(*database_);
  }

  const JournalOptions options;

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kLoanPatience{5};
  struct Turn {
    Lane* lane = nullptr;
    Lane::Load load;
    std::size_t next = 0;  ///< index into load.records
    bool open = false;     ///< taken and not yet published
  };
  /// Records made before are forgotten.
  struct Purge {
    WallTime now;
    WallTime before;
    std::uint64_t last_batch = 0;  ///< that is wholly older
  };
  /// Who writes the database: this journal, no one at the moment, or another process.
  enum class Keeper : std::uint8_t { self, nobody, other };
  /// What others want written with a checkpoint, since a replay cannot repeat it; or, instead, done
  /// by the journal thread between two batches.
  struct Chore {
    std::function<Result<void>()> act;
    std::optional<Purge> purge;
    router::NameId forget = 0;  ///< an experiment
    std::promise<Result<void>> done;
  };

  /// Between two batches all may be done; within one that waits for space, what makes space.
  enum class Chores : std::uint8_t { all, checkpoints, none };

  // journal_thread.cpp
  void run();
  bool take_all();
  void commit_taken();
  bool fill_batch();
  void rebuild_batch();
  bool write_batch();
  bool try_write_batch();
  bool wait_for_disk();
  bool must_open_to_purge();
  void fold_batch();
  void drop_batch();
  void publish_finished();
  bool reopen();
  void checkpoint_when_due();
  bool checkpoint(const Chore* chore);
  Result<void> fill_checkpoint(const Chore* chore);
  /// From the workers' counts into the book.
  void fold_started();
  bool write_index_slice();
  void serve_chores(Chores which);
  bool give_up_at_close() const;
  void note_failure(StoreTrouble trouble, const std::string& what);
  /// False when close() has begun.
  bool pause(std::chrono::milliseconds wait);
  Bell::Deadline next_deadline() const;

  // journal_lease.cpp
  Result<void> request_act(std::function<Result<void>()> act);
  Result<void> let_go();
  void end_loan();
  bool forward_batch();

  // journal_core.cpp
  Result<void> open_database(FolderMustBe folder);
  Result<void> check_against_sync_mark(std::uint64_t last_batch) const;
  /// Waits until the journal thread has done it.
  Result<void> request(Chore chore);
  void run_sync();
  void sync();
  void look_at_disk();
  void count_what_went_with_folder();
  StoreTrouble trouble() const;

  Names& names_;
  Intake intake_;
  mutable std::mutex lanes_mutex_;  ///< before the book's
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<std::size_t> lane_count_{0};

  DiskWatch watch_;
  std::shared_ptr<BackgroundState> background_ = std::make_shared<BackgroundState>();
  std::shared_ptr<RetentionFilterFactory> retention_ = std::make_shared<RetentionFilterFactory>();
  mutable std::shared_timed_mutex database_mutex_;  ///< exclusive while the pointer changes
  std::unique_ptr<Database> database_;
  bool is_lent_ = false;  ///< under its mutex: released, and not yet known for how long
  mutable std::condition_variable_any back_;
  mutable std::mutex checkpoint_mutex_;  ///< held from before one is made until it is folded in
  mutable std::mutex book_mutex_;        ///< after the other two
  TallyBook book_;
  PendingIndex index_;  ///< under the book's mutex

  std::mutex stop_mutex_;
  std::condition_variable stop_signal_;
  std::atomic<bool> stopping_{false};
  Clock::time_point give_up_{};  ///< set before stopping_
  std::mutex chores_mutex_;
  std::vector<Chore> chores_;
  std::atomic<bool> chore_wanted_{false};

  std::atomic<Keeper> keeper_{Keeper::self};  ///< the journal thread changes it

  // The journal thread's.
  Journal::Forward forward_;
  std::vector<Started> unsent_;  ///< taken from the workers' counts, for the next forward
  std::vector<Turn> turns_;
  std::size_t current_turn_ = 0;
  std::vector<const router::Record*> records_;  ///< of the batch
  std::size_t batch_bytes_ = 0;
  std::uint64_t batch_number_ = 0;
  router::NameId names_in_batch_ = 0;  ///< the last one
  router::NameId names_written_ = 0;
  Batch batch_;
  Clock::time_point last_checkpoint_{};

  // Counters.
  std::atomic<std::uint64_t> committed_{0};
  std::atomic<std::uint64_t> batches_{0};
  std::atomic<std::uint64_t> write_errors_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::uint64_t committed_when_well_ = 0;  ///< the sync thread's: before its last look
  std::atomic<std::uint64_t> reopened_{0};
  std::atomic<StoreTrouble> failing_{StoreTrouble::none};  ///< since a write failed
  std::atomic<Clock::rep> busy_since_{0};     ///< the journal thread, with this turn; 0 = it sleeps
  std::atomic<Clock::rep> syncing_since_{0};  ///< 0 = it is not
  std::atomic<bool> unsynced_{false};
  std::atomic<std::uint64_t> written_batch_{0};
  mutable std::mutex error_mutex_;
  std::string last_error_;

  std::thread sync_thread_;
  std::thread journal_thread_;
};

}  // namespace tallygate::store
