// JournalCore's part in a handover: whose the database is. All of it on the journal thread, between
// two batches.

#include "store/journal/journal_core.h"
#include "store/rocksdb/errors.h"

namespace tallygate::store {
namespace {

/// Records wait while the journal thread waits for those who read.
constexpr std::chrono::seconds kReaderPatience{1};

}  // namespace

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
    failing_.store(StoreTrouble::none, std::memory_order_relaxed);
    keeper_ = Keeper::self;
    end_loan();
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
    end_loan();
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
  const std::unique_lock lock(database_mutex_, kReaderPatience);
  if (!lock.owns_lock()) {
    return make_error(Errc::storage_unavailable,
                      "journal: it is being read, for a backup perhaps; try again later");
  }
  keeper_ = Keeper::nobody;
  is_lent_ = true;
  database_.reset();
  return {};
}

void JournalCore::end_loan() {
  const std::unique_lock lock(database_mutex_);
  is_lent_ = false;
  back_.notify_all();
}

bool JournalCore::forward_batch() {
  if (keeper_ == Keeper::nobody) return false;
  {
    const std::lock_guard lock(lanes_mutex_);
    for (const auto& lane : lanes_) {
      lane->started.take([this](const router::TallyKey& key, std::uint64_t count) {
        unsent_.push_back({key, count});
      });
    }
  }
  if (!forward_(records_, unsent_)) return false;
  unsent_.clear();
  committed_.fetch_add(records_.size(), std::memory_order_relaxed);
  batches_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

}  // namespace tallygate::store
