// JournalCore's part in a handover: whose the database is. All of it on the journal thread, between
// two batches.

#include "store/journal/journal_core.h"
#include "store/rocksdb/errors.h"

namespace tallygate::store {

Result<void> JournalCore::release() {
  return request_act([this] { return let_go(); });
}

Result<void> JournalCore::take_back() {
  return request_act([this]() -> Result<void> {
    if (keeper_ != Keeper::nobody) return {};
    if (!reopen()) {
      const std::lock_guard lock(error_mutex_);
      return make_error(Errc::storage_unavailable, last_error_);
    }
    keeper_ = Keeper::self;
    return {};
  });
}

Result<void> JournalCore::forward_to(Journal::Forward forward) {
  return request_act([this, forward = std::move(forward)]() mutable -> Result<void> {
    if (keeper_ == Keeper::self) {
      return make_error(Errc::storage_unavailable, "journal: release it before forwarding");
    }
    forward_ = std::move(forward);
    keeper_ = Keeper::other;
    return {};
  });
}

Result<void> JournalCore::request_act(std::function<Result<void>()> act) {
  Chore chore;
  chore.act = [this, act = std::move(act)] {
    auto done = act();
    intake_.bell.ring();  // what has waited is looked at before the thread sleeps
    return done;
  };
  return request(std::move(chore));
}

Result<void> JournalCore::let_go() {
  if (keeper_ != Keeper::self) return {};
  if (take_all()) commit_taken();
  if (database_ == nullptr || background_->failed.load()) {
    return make_error(Errc::storage_unavailable, "journal: the disk refuses writes");
  }
  if (book_.needs_checkpoint() && !checkpoint(nullptr)) {
    return make_error(Errc::storage_unavailable, "journal: its last checkpoint cannot be written");
  }
  unsynced_.store(false, std::memory_order_relaxed);
  const auto synced = database_->engine().SyncWAL();
  if (!synced.ok()) return error_of(synced, "syncing");
  const std::unique_lock lock(database_mutex_);
  database_.reset();
  keeper_ = Keeper::nobody;
  return {};
}

bool JournalCore::forward_batch() {
  if (keeper_ == Keeper::nobody || !forward_(records_)) return false;
  committed_.fetch_add(records_.size(), std::memory_order_relaxed);
  batches_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

}  // namespace tallygate::store
