#include "store/journal/journal_core.h"

#include <algorithm>

#include "store/rocksdb/errors.h"

namespace tallygate::store {
namespace {

constexpr std::chrono::seconds kCloseLimit{3};
constexpr std::chrono::seconds kPendingLimit{5};

}  // namespace

JournalCore::JournalCore(const JournalOptions& the_options, Names& names)
    : options(the_options),
      names_(names),
      index_(the_options.index_response_ids, the_options.index_segment_entries) {
  intake_.max_records = options.max_queued_records;
  intake_.max_bytes = options.max_queued_bytes;
}

JournalCore::~JournalCore() { close(); }

Result<void> JournalCore::start() {
  if (auto opened = open_database(); !opened) return opened;
  if (auto loaded = load_names(*database_, names_); !loaded) return loaded;
  names_written_ = names_.size();
  last_checkpoint_ = Clock::now();
  journal_thread_ = std::thread([this] { run(); });
  sync_thread_ = std::thread([this] { run_sync(); });
  return {};
}

Result<void> JournalCore::open_database() {
  background_->failed.store(false);
  auto opened = Database::open_primary(options, background_, retention_);
  if (!opened) return opened.error();
  TallyBook book;
  PendingIndex index(options.index_response_ids, options.index_segment_entries);
  if (auto loaded = book.load(**opened, &index); !loaded) return loaded;
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
  const std::unique_lock lock(database_mutex_);
  database_ = std::move(*opened);
  return {};
}

void JournalCore::close() {
  if (!journal_thread_.joinable()) return;
  {
    const std::lock_guard lock(stop_mutex_);
    give_up_ = Clock::now() + kCloseLimit;
    stopping_.store(true);
  }
  stop_signal_.notify_all();
  intake_.bell.ring();
  journal_thread_.join();
  sync_thread_.join();
  const std::unique_lock lock(database_mutex_);
  if (database_ != nullptr) {
    const auto synced = database_->engine().SyncWAL();
    if (!synced.ok()) note_failure(error_of(synced, "syncing").message);
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

TallySet JournalCore::tallies(const router::TallyFilter& filter) const {
  const std::lock_guard lock(book_mutex_);
  return book_.copy(filter);
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
  status.batches = batches_.load(std::memory_order_relaxed);
  status.write_errors = write_errors_.load(std::memory_order_relaxed);
  status.queued = intake_.records.load(std::memory_order_relaxed);
  const Clock::time_point since{Clock::duration{pending_since_.load(std::memory_order_relaxed)}};
  status.degraded = failing_.load(std::memory_order_relaxed) ||
                    (since != Clock::time_point{} && Clock::now() - since > kPendingLimit);
  const std::lock_guard lock(error_mutex_);
  status.last_error = last_error_;
  return status;
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
  std::unique_lock stop(stop_mutex_);
  while (!stop_signal_.wait_for(stop, options.fsync_interval, [&] { return stopping_.load(); })) {
    stop.unlock();
    if (unsynced_.exchange(false, std::memory_order_relaxed)) {
      const auto synced = with_database([&](Database& database) -> Result<void> {
        const auto status = database.engine().SyncWAL();
        if (!status.ok()) return error_of(status, "syncing");
        return {};
      });
      if (!synced) {
        note_failure(synced.error().message);
        background_->failed.store(true);
        intake_.bell.ring();
      }
    }
    stop.lock();
  }
}

}  // namespace tallygate::store
