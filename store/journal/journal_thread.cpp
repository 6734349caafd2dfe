// The journal thread's half of JournalCore.

#include <pthread.h>
#include <rocksdb/perf_level.h>

#include <algorithm>

#include "store/journal/journal_core.h"
#include "store/rocksdb/errors.h"

namespace tallygate::store {
namespace {

constexpr std::chrono::milliseconds kFirstBackoff{5};
constexpr std::chrono::milliseconds kLastBackoff{200};
constexpr std::chrono::milliseconds kLastReopenWait{1000};  ///< opening is work

}  // namespace

void JournalCore::run() {
  pthread_setname_np(pthread_self(), "journal");
  ::rocksdb::SetPerfLevel(::rocksdb::PerfLevel::kDisable);  // no one reads its counters
  bool last_turn = false;
  for (;;) {
    intake_.bell.begin_turn();
    busy_since_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    // What no one writes waits in its lane, and at the end is dropped.
    const bool taken = (keeper_ != Keeper::nobody || last_turn) && take_all();
    if (taken) commit_taken();
    serve_chores(Chores::all);
    if (keeper_ == Keeper::self) checkpoint_when_due();
    if (last_turn) break;
    if (stopping_.load()) {
      // One more turn takes what came before the lanes were closed.
      const std::lock_guard lock(lanes_mutex_);
      for (auto& lane : lanes_) lane->close();
      last_turn = true;
    } else if (!taken && !write_index_slice()) {
      busy_since_.store(0, std::memory_order_relaxed);
      intake_.bell.sleep(next_deadline());
    }
  }
  serve_chores(Chores::none);
  const bool may_write = database_ != nullptr && watch_.state() == DiskWatch::State::well;
  if (may_write && book_.needs_checkpoint()) checkpoint(nullptr);
}

Bell::Deadline JournalCore::next_deadline() const {
  if (keeper_ != Keeper::self) return {};
  if (database_ != nullptr && !book_.needs_checkpoint() && !background_->failed.load() &&
      watch_.state() == DiskWatch::State::well) {
    return {};
  }
  return last_checkpoint_ + options.checkpoint_interval;
}

bool JournalCore::take_all() {
  if (turns_.size() != lane_count_.load(std::memory_order_acquire)) {
    const std::lock_guard lock(lanes_mutex_);
    for (std::size_t i = turns_.size(); i < lanes_.size(); ++i) {
      turns_.emplace_back().lane = lanes_[i].get();
    }
  }
  bool any = false;
  for (Turn& turn : turns_) {
    turn.open = turn.lane->take(turn.load);
    turn.next = 0;
    any |= turn.open;
  }
  current_turn_ = 0;
  return any;
}

void JournalCore::commit_taken() {
  while (fill_batch()) {
    if (keeper_ != Keeper::self) {
      if (!forward_batch()) drop_batch();
    } else if (write_batch()) {
      fold_batch();
    } else {
      drop_batch();
    }
    intake_.records.fetch_sub(records_.size(), std::memory_order_relaxed);
    intake_.bytes.fetch_sub(batch_bytes_, std::memory_order_relaxed);
    publish_finished();
    write_index_slice();
  }
  publish_finished();
}

bool JournalCore::fill_batch() {
  records_.clear();
  batch_bytes_ = 0;
  for (; current_turn_ < turns_.size(); ++current_turn_) {
    Turn& turn = turns_[current_turn_];
    if (!turn.open) continue;
    const auto& records = turn.load.records;
    while (turn.next < records.size() && records_.size() < kMaxBatchRecords) {
      batch_bytes_ += bytes_of(records[turn.next]);
      records_.push_back(&records[turn.next++]);
    }
    if (records_.size() == kMaxBatchRecords) break;
  }
  if (records_.empty()) return false;
  batch_number_ = 0;
  if (database_ != nullptr) rebuild_batch();
  return true;
}

void JournalCore::rebuild_batch() {
  batch_.clear();
  for (const auto* record : records_) {
    batch_.add_record(*record);
  }
  // Read after the records were taken: whatever name they hold is counted.
  names_in_batch_ = names_.size();
  for (auto id = names_written_ + 1; id <= names_in_batch_; ++id) {
    batch_.add_name(*database_, id, names_.text(id));
  }
  batch_number_ = book_.last_batch() + 1;
  batch_.add_log(*database_, batch_number_);
}

bool JournalCore::write_batch() {
  if (give_up_at_close() && trouble() != StoreTrouble::none) return false;
  auto backoff = kFirstBackoff;
  while (!try_write_batch()) {
    if (give_up_at_close()) return false;
    pause(backoff);
    const bool is_stall = failing_.load(std::memory_order_relaxed) == StoreTrouble::none;
    backoff = std::min(2 * backoff, is_stall ? kLastBackoff : kLastReopenWait);
  }
  names_written_ = names_in_batch_;
  return true;
}

bool JournalCore::try_write_batch() {
  if (must_open_to_purge()) {
    const bool is_open = reopen();
    if (!is_open) serve_chores(Chores::none);
    if (!is_open) return false;
    if (batch_number_ != 0 && batch_number_ == book_.last_batch()) return true;
    rebuild_batch();
  }
  if (watch_.state() != DiskWatch::State::well && !wait_for_disk()) return false;
  if (database_ != nullptr && watch_.state() != DiskWatch::State::replaced) {
    const auto status = batch_.write(*database_);
    if (status.ok()) return true;
    write_errors_.fetch_add(1, std::memory_order_relaxed);
    // A stall passes by itself, and is trouble only when it lasts.
    const bool is_stall = status.IsIncomplete() && !background_->failed.load();
    note_failure(is_stall ? StoreTrouble::none : trouble_of(status),
                 error_of(status, "writing a batch").message);
    serve_chores(Chores::none);
    if (is_stall) return false;
    watch_.look();
    if (watch_.state() != DiskWatch::State::well && !wait_for_disk()) return false;
  }
  serve_chores(Chores::none);
  if (!reopen()) return false;
  // The write that failed may have reached the log all the same; then it was just replayed.
  if (batch_number_ != 0 && batch_number_ == book_.last_batch()) return true;
  rebuild_batch();
  return false;
}

/// On a full disk what is past its retention goes first, and RocksDB lets nothing be removed from a
/// database that has failed.
bool JournalCore::must_open_to_purge() {
  if (watch_.state() != DiskWatch::State::full || !watch_.has_room_to_open()) return false;
  if (database_ == nullptr) return true;  // what was tried before has not worked
  if (!background_->failed.load()) return false;
  const std::lock_guard lock(chores_mutex_);
  return std::ranges::any_of(chores_, [](const Chore& chore) { return chore.purge.has_value(); });
}

bool JournalCore::wait_for_disk() {
  if (watch_.state() == DiskWatch::State::full && database_ != nullptr &&
      !background_->failed.load()) {
    // What purges makes room, and the reserve is there for it.
    serve_chores(Chores::checkpoints);
    rebuild_batch();
  } else {
    serve_chores(Chores::none);
  }
  watch_.look();
  const auto state = watch_.state();
  if (state == DiskWatch::State::gone) {
    note_failure(StoreTrouble::none, "journal '" + options.path +
                                         "': its folder is gone or empty; bring it back, or "
                                         "restart the gate to begin a new one");
  } else if (state == DiskWatch::State::full) {
    note_failure(StoreTrouble::none, "journal '" + options.path +
                                         "': less than its reserve is free on its disk; records "
                                         "wait until there is space");
  }
  return state == DiskWatch::State::well || state == DiskWatch::State::replaced;
}

void JournalCore::fold_batch() {
  const std::lock_guard lock(book_mutex_);
  if (book_.last_batch() != batch_number_) {
    for (const auto* record : records_) {
      book_.fold(*record);
      index_.add(*record, batch_number_);
    }
    book_.end_batch(batch_number_);
  }
  failing_.store(StoreTrouble::none, std::memory_order_relaxed);
  written_batch_.store(batch_number_, std::memory_order_release);
  unsynced_.store(true, std::memory_order_relaxed);
  committed_.fetch_add(records_.size(), std::memory_order_relaxed);
  batches_.fetch_add(1, std::memory_order_relaxed);
}

void JournalCore::drop_batch() {
  intake_.dropped.fetch_add(records_.size(), std::memory_order_relaxed);
}

void JournalCore::publish_finished() {
  for (Turn& turn : turns_) {
    if (!turn.open || turn.next < turn.load.records.size()) continue;
    turn.open = false;
    turn.lane->publish(turn.load.up_to);
  }
}

bool JournalCore::reopen() {
  const auto folded_records = [this] {
    // Whoever asks for tallies folds what workers count as started, which may add keys.
    const std::lock_guard lock(book_mutex_);
    return book_.record_count();
  };
  const std::uint64_t known = folded_records();
  const std::uint64_t last_known = book_.last_batch();
  const bool is_another = watch_.state() == DiskWatch::State::replaced;
  {
    const std::unique_lock lock(database_mutex_);
    database_.reset();
  }
  // Never a new one in the place of what was there: that would be a silent reset.
  const auto opened = open_database(FolderMustBe::there);
  if (is_another) batch_number_ = 0;
  if (!opened) {
    note_failure(opened.error().code == Errc::storage_corrupt ? StoreTrouble::corrupt
                                                              : StoreTrouble::refused,
                 opened.error().message);
    return false;
  }
  reopened_.fetch_add(1, std::memory_order_relaxed);
  names_written_ = 0;  // what the log lost is written again
  if (book_.last_batch() < last_known) {
    const std::uint64_t lost = known - folded_records();
    lost_.fetch_add(lost, std::memory_order_relaxed);
    intake_.dropped.fetch_add(lost, std::memory_order_relaxed);
  }
  return true;
}

void JournalCore::checkpoint_when_due() {
  const auto now = Clock::now();
  const auto interval =
      book_.is_checkpoint_urgent() ? options.checkpoint_interval / 20 : options.checkpoint_interval;
  if (now - last_checkpoint_ < interval) return;
  last_checkpoint_ = now;
  const auto disk = watch_.state();
  if (disk == DiskWatch::State::gone || disk == DiskWatch::State::full) return;
  if (database_ == nullptr || background_->failed.load() || disk == DiskWatch::State::replaced) {
    if (!reopen()) return;
    failing_.store(StoreTrouble::none, std::memory_order_relaxed);
  }
  if (book_.needs_checkpoint()) checkpoint(nullptr);
}

Result<void> JournalCore::fill_checkpoint(const Chore* chore) {
  batch_.clear();
  fold_started();
  if (chore != nullptr && chore->purge) {
    const Purge& purge = *chore->purge;
    auto added = add_series_expiry(*database_, purge.now, batch_);
    if (!added) return added;
    batch_.add_purge(*database_, purge.before, purge.last_batch);
  }
  const std::lock_guard lock(book_mutex_);
  if (chore != nullptr && chore->forget != 0) book_.forget_experiment(chore->forget);
  return book_.add_checkpoint(*database_, batch_);
}

bool JournalCore::checkpoint(const Chore* chore) {
  const std::lock_guard whole(checkpoint_mutex_);
  const auto filled = fill_checkpoint(chore);
  const auto status = filled ? batch_.write(*database_) : ::rocksdb::Status::OK();
  last_checkpoint_ = Clock::now();
  if (filled && status.ok()) {
    const std::lock_guard lock(book_mutex_);
    book_.after_checkpoint();
    unsynced_.store(true, std::memory_order_relaxed);
    return true;
  }
  write_errors_.fetch_add(1, std::memory_order_relaxed);
  note_failure(StoreTrouble::none,
               filled ? error_of(status, "writing a checkpoint").message : filled.error().message);
  if (!status.IsIncomplete()) background_->failed.store(true);  // reopened at the next one
  return false;
}

bool JournalCore::write_index_slice() {
  if (database_ == nullptr || watch_.state() != DiskWatch::State::well) return false;
  if (index_.is_seal_due()) {
    const std::lock_guard lock(book_mutex_);
    index_.seal(book_.last_batch());
  }
  if (!index_.is_sealed()) return false;
  batch_.clear();
  index_.add_slice(*database_, batch_);
  // What fails here is tried again after the next batch, which also deals with the disk.
  if (!batch_.write(*database_).ok()) return false;
  const std::lock_guard lock(book_mutex_);
  index_.after_slice();
  return true;
}

void JournalCore::serve_chores(Chores which) {
  // While closing the lock decides: one that came too late for it was refused by request().
  if (!chore_wanted_.load(std::memory_order_relaxed) && !stopping_.load()) return;
  std::vector<Chore> chores;
  {
    const std::lock_guard lock(chores_mutex_);
    chores.swap(chores_);
    chore_wanted_.store(false, std::memory_order_relaxed);
  }
  for (auto& chore : chores) {
    const bool is_served = which == Chores::all || (which == Chores::checkpoints && !chore.act);
    if (chore.act && is_served) {
      chore.done.set_value(chore.act());
    } else if (is_served && database_ != nullptr && checkpoint(&chore)) {
      chore.done.set_value({});
    } else {
      chore.done.set_value(make_error(Errc::storage_unavailable,
                                      "journal: nothing can be removed while the disk refuses "
                                      "writes or the journal is being closed"));
    }
  }
}

bool JournalCore::give_up_at_close() const { return stopping_.load() && Clock::now() >= give_up_; }

void JournalCore::note_failure(StoreTrouble trouble, const std::string& what) {
  if (trouble != StoreTrouble::none) failing_.store(trouble, std::memory_order_relaxed);
  const std::lock_guard lock(error_mutex_);
  last_error_ = what;
}

bool JournalCore::pause(std::chrono::milliseconds wait) {
  std::unique_lock lock(stop_mutex_);
  // Once closing, only the time counts.
  if (stopping_.load()) {
    lock.unlock();
    std::this_thread::sleep_for(wait);
    return false;
  }
  return !stop_signal_.wait_for(lock, wait, [&] { return stopping_.load(); });
}

}  // namespace tallygate::store
