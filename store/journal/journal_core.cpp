#include "store/journal/journal_core.h"

#include <algorithm>

#include "store/journal/sync_mark.h"
#include "store/rocksdb/errors.h"

namespace tallygate::store {
namespace {

constexpr std::chrono::seconds kLookInterval{1};

}  // namespace

JournalCore::JournalCore(const JournalOptions& the_options, Names& names)
    : options(the_options),
      names_(names),
      watch_(the_options.path, the_options.env),
      index_(the_options.index_response_ids, the_options.index_segment_entries) {
  intake_.max_records = options.max_queued_records;
  intake_.max_bytes = options.max_queued_bytes;
}

JournalCore::~JournalCore() { close(); }

Result<void> JournalCore::start() {
  if (auto opened = open_database(FolderMustBe::writable); !opened) return opened;
  if (auto loaded = load_names(*database_, names_); !loaded) return loaded;
  names_written_ = names_.size();
  last_checkpoint_ = Clock::now();
  journal_thread_ = std::thread([this] { run(); });
  sync_thread_ = std::thread([this] { run_sync(); });
  return {};
}

Result<void> JournalCore::open_database(FolderMustBe folder) {
  background_->failed.store(false);
  auto opened = Database::open_primary(options, {background_, retention_, watch_.quota(), folder});
  if (!opened) return opened.error();
  if (watch_.state() == DiskWatch::State::replaced) {
    // Another gate's journal gives other names to the same numbers.
    if (auto ours = load_names(**opened, names_); !ours) return ours;
  }
  TallyBook book;
  PendingIndex index(options.index_response_ids, options.index_segment_entries);
  if (auto loaded = book.load(**opened, &index); !loaded) return loaded;
  if (auto whole = check_against_sync_mark(book.last_batch()); !whole) return whole;
  const auto purged = (**opened).purged();
  if (!purged) return purged.error();
  const auto removed = (**opened).last_batch_before(*purged);
  if (!removed) return removed.error();
  retention_->forget_up_to(*removed);
  {
    const std::lock_guard lock(book_mutex_);
    book_ = std::move(book);
    index_ = std::move(index);
  }
  watch_.remember();
  const std::unique_lock lock(database_mutex_);
  database_ = std::move(*opened);
  return {};
}

Result<void> JournalCore::check_against_sync_mark(std::uint64_t last_batch) const {
  const std::uint64_t synced = read_sync_mark(options.path);
  if (last_batch >= synced) return {};
  if (options.accept_lost_tail) {
    remove_sync_mark(options.path);
    return {};
  }
  return make_error(
      Errc::storage_corrupt,
      "journal '" + options.path + "': it is damaged: its log was synced up to batch " +
          std::to_string(synced) + " and can be read up to " + std::to_string(last_batch) +
          "; restore it from a backup, or start once with --quarantine-corrupt to go "
          "on with what can be read");
}

void JournalCore::close() {
  if (!journal_thread_.joinable()) return;
  {
    const std::lock_guard lock(stop_mutex_);
    give_up_ = Clock::now() + options.close_within / 2;
    stopping_.store(true);
  }
  stop_signal_.notify_all();
  intake_.bell.ring();
  journal_thread_.join();
  sync_thread_.join();
  if (keeper_.load() == Keeper::self) count_what_went_with_folder();
  const std::unique_lock lock(database_mutex_);
  if (database_ != nullptr && !background_->failed.load()) {
    const auto synced = database_->engine().SyncWAL();
    if (synced.ok()) {
      write_sync_mark(options.path, written_batch_.load());
    } else {
      note_failure(trouble_of(synced), error_of(synced, "syncing").message);
    }
  }
  database_.reset();
}

Lane& JournalCore::add_lane(std::function<void()> wake) {
  const std::lock_guard lock(lanes_mutex_);
  lanes_.push_back(std::make_unique<Lane>(intake_, std::move(wake)));
  lane_count_.store(lanes_.size(), std::memory_order_release);
  return *lanes_.back();
}

Result<router::Record> JournalCore::find(const RecordQuery& query) const {
  std::vector<std::uint64_t> pending;
  {
    const std::lock_guard lock(book_mutex_);
    pending = index_.find(query.hash());
  }
  return with_database([&](Database& database) { return database.find(query, pending); });
}

void JournalCore::fold_started() {
  if (keeper_.load() != Keeper::self) return;  // they go to the owner of the database
  const std::lock_guard lanes_lock(lanes_mutex_);
  const std::lock_guard book_lock(book_mutex_);
  for (const auto& lane : lanes_) {
    lane->started.take(
        [&](const router::TallyKey& key, std::uint64_t count) { book_.fold_started(key, count); });
  }
}

TallySet JournalCore::tallies(const router::TallyFilter& filter) {
  fold_started();
  const std::lock_guard lock(book_mutex_);
  return book_.copy(filter);
}

TallySet JournalCore::tallies_at(std::span<const router::TallyKey> keys) {
  fold_started();
  const std::lock_guard lock(book_mutex_);
  return book_.copy_at(keys);
}

router::Tally JournalCore::total() const {
  const std::lock_guard lock(book_mutex_);
  return book_.total();
}

TotalsSet JournalCore::totals(const router::TallyFilter& filter) const {
  const std::lock_guard lock(book_mutex_);
  return book_.totals(filter);
}

UnitCounts JournalCore::units(router::NameId experiment) const {
  const std::lock_guard lock(book_mutex_);
  return book_.units(experiment);
}

JournalStatus JournalCore::status() const {
  JournalStatus status;
  status.committed = committed_.load(std::memory_order_relaxed);
  status.dropped = intake_.dropped.load(std::memory_order_relaxed);
  status.lost = lost_.load(std::memory_order_relaxed);
  status.stalls = background_->stalls.load(std::memory_order_relaxed);
  status.reopened = reopened_.load(std::memory_order_relaxed);
  status.batches = batches_.load(std::memory_order_relaxed);
  status.write_errors = write_errors_.load(std::memory_order_relaxed);
  status.queued = intake_.records.load(std::memory_order_relaxed);
  status.trouble = trouble();
  const std::lock_guard lock(error_mutex_);
  status.last_error = last_error_;
  return status;
}

StoreTrouble JournalCore::trouble() const {
  const auto state = watch_.state();
  if (state == DiskWatch::State::gone) return StoreTrouble::gone;
  if (state == DiskWatch::State::full) return StoreTrouble::full;
  const StoreTrouble failing = failing_.load(std::memory_order_relaxed);
  if (failing != StoreTrouble::none) return failing;
  const auto now = Clock::now();
  for (const auto* since : {&busy_since_, &syncing_since_}) {
    const Clock::time_point began{Clock::duration{since->load(std::memory_order_relaxed)}};
    if (began != Clock::time_point{} && now - began > options.slow_after) return StoreTrouble::slow;
  }
  return StoreTrouble::none;
}

Result<void> JournalCore::purge(WallTime now) {
  Purge purge{now, now - options.retention, 0};
  const auto last = with_database([&](Database& database) -> Result<std::uint64_t> {
    const auto purged = database.purged();
    if (!purged) return purged.error();
    purge.before = std::max(purge.before, *purged);  // what is forgotten does not come back
    return database.last_batch_before(purge.before);
  });
  if (!last) return last.error();
  purge.last_batch = *last;
  Chore chore;
  chore.purge = purge;
  if (auto forgotten = request(std::move(chore)); !forgotten) return forgotten;
  retention_->forget_up_to(*last);
  return with_database([&](Database& database) { return database.delete_log_up_to(*last); });
}

Result<void> JournalCore::forget_experiment(router::NameId experiment) {
  Chore chore;
  chore.forget = experiment;
  return request(std::move(chore));
}

Result<void> JournalCore::request(Chore chore) {
  std::future<Result<void>> done;
  {
    const std::lock_guard lock(chores_mutex_);
    if (stopping_.load()) {
      return make_error(Errc::storage_unavailable, "journal: it is being closed");
    }
    chores_.push_back(std::move(chore));
    done = chores_.back().done.get_future();
    chore_wanted_.store(true, std::memory_order_relaxed);
  }
  intake_.bell.ring();
  return done.get();
}

void JournalCore::run_sync() {
  auto next_sync = Clock::now() + options.fsync_interval;
  auto next_look = Clock::now() + kLookInterval;
  std::unique_lock stop(stop_mutex_);
  while (!stop_signal_.wait_until(stop, std::min(next_sync, next_look),
                                  [&] { return stopping_.load(); })) {
    stop.unlock();
    const auto now = Clock::now();
    if (now >= next_look) {
      next_look = now + kLookInterval;
      look_at_disk();
    }
    if (now >= next_sync) {
      next_sync = now + options.fsync_interval;
      sync();
    }
    stop.lock();
  }
}

void JournalCore::look_at_disk() {
  const std::uint64_t committed = committed_.load(std::memory_order_relaxed);
  if (watch_.look()) intake_.bell.ring();
  if (watch_.state() == DiskWatch::State::well) committed_when_well_ = committed;
}

void JournalCore::count_what_went_with_folder() {
  watch_.look();
  if (watch_.state() != DiskWatch::State::gone || !watch_.is_removed()) return;
  // Acknowledged since the last look, and perhaps written into files that had no name any more. Not
  // earlier: had a copy been put in the folder's place, it would tell what is missing.
  const std::uint64_t lost = committed_.load() - committed_when_well_;
  lost_.fetch_add(lost, std::memory_order_relaxed);
  intake_.dropped.fetch_add(lost, std::memory_order_relaxed);
}

void JournalCore::sync() {
  if (!unsynced_.exchange(false, std::memory_order_relaxed)) return;
  syncing_since_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  const std::uint64_t written = written_batch_.load();
  const auto synced = with_database([&](Database& database) -> Result<void> {
    // A log that a write has failed on is not to be touched again: RocksDB built with assertions,
    // as Debian's is, aborts. It is about to be closed and reopened.
    if (background_->failed.load()) {
      return make_error(Errc::storage_unavailable, "journal: a write has failed");
    }
    const auto status = database.engine().SyncWAL();
    if (!status.ok()) {
      note_failure(trouble_of(status), error_of(status, "syncing").message);
      return error_of(status, "syncing");
    }
    if (watch_.state() != DiskWatch::State::gone) write_sync_mark(options.path, written);
    return {};
  });
  syncing_since_.store(0, std::memory_order_relaxed);
  if (synced) return;
  background_->failed.store(true);
  intake_.bell.ring();
}

}  // namespace tallygate::store
