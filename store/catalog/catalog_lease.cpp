#include "store/catalog/catalog_lease.h"

#include <thread>

namespace tallygate::store {
namespace {

Error away() {
  return make_error(Errc::storage_unavailable,
                    "catalog: it is being handed over to another process; try again");
}

}  // namespace

class CatalogLease::Closing {
 public:
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    signal_.notify_all();
  }
  bool ends_within(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return signal_.wait_for(lock, patience, [this] { return ended_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable signal_;
  bool ended_ = false;
};

Result<std::unique_ptr<CatalogLease>> CatalogLease::open(const std::string& path) {
  return open([path] { return open_catalog(path); });
}

Result<std::unique_ptr<CatalogLease>> CatalogLease::open(Opener opener,
                                                         std::chrono::milliseconds close_within) {
  std::unique_ptr<CatalogLease> lease(new CatalogLease(std::move(opener), close_within));
  if (auto opened = lease->take_back(); !opened) return opened.error();
  return lease;
}

CatalogLease::~CatalogLease() { close(); }

std::shared_ptr<Catalog> CatalogLease::borrow() const {
  std::shared_lock lock(mutex_);
  if (is_lent_) back_.wait_for(lock, kLoanPatience, [this] { return !is_lent_; });
  return catalog_;
}

Result<void> CatalogLease::release() {
  {
    const std::unique_lock lock(mutex_);
    is_lent_ = true;
    // A watcher may call back, so calls hold no lock; the last one that uses the catalog closes it.
    catalog_.reset();
  }
  if (is_closed_in_time()) return {};
  return make_error(Errc::storage_unavailable,
                    "catalog: it does not close: a call still uses it, or its disk does not "
                    "answer");
}

void CatalogLease::leave() {
  const std::unique_lock lock(mutex_);
  is_lent_ = false;
  back_.notify_all();
}

bool CatalogLease::close() {
  {
    const std::unique_lock lock(mutex_);
    is_lent_ = false;
    catalog_.reset();
    back_.notify_all();
  }
  return is_closed_in_time();
}

bool CatalogLease::is_closed_in_time() {
  return closing_ == nullptr || closing_->ends_within(close_within_);
}

Result<void> CatalogLease::take_back() {
  auto opened = opener_();
  if (!opened) return opened.error();
  const std::unique_lock lock(mutex_);
  closing_ = std::make_shared<Closing>();
  // RocksDB 7.8 may hang for good while it closes, and whoever used it last must not.
  catalog_ = std::shared_ptr<Catalog>(opened->release(), [closing = closing_](Catalog* catalog) {
    std::thread([catalog, closing] {
      delete catalog;
      closing->end();
    }).detach();
  });
  is_lent_ = false;
  back_.notify_all();
  for (const Watcher& watcher : watchers_) catalog_->watch(watcher);
  return {};
}

Result<Document> CatalogLease::find(std::string_view kind, std::string_view id) const {
  const auto catalog = borrow();
  if (catalog == nullptr) return away();
  return catalog->find(kind, id);
}

Result<DocumentPage> CatalogLease::list(const DocumentQuery& query) const {
  const auto catalog = borrow();
  if (catalog == nullptr) return away();
  return catalog->list(query);
}

Result<std::vector<Document>> CatalogLease::all(std::string_view kind) const {
  const auto catalog = borrow();
  if (catalog == nullptr) return away();
  return catalog->all(kind);
}

Result<std::vector<Document>> CatalogLease::transact(const Transaction& transaction) {
  const auto catalog = borrow();
  if (catalog == nullptr) return away();
  return catalog->transact(transaction);
}

Result<std::optional<RememberedAnswer>> CatalogLease::recall(std::string_view key,
                                                             WallTime now) const {
  const auto catalog = borrow();
  if (catalog == nullptr) return away();
  return catalog->recall(key, now);
}

Result<std::vector<AuditEntry>> CatalogLease::audit(const AuditQuery& query) const {
  const auto catalog = borrow();
  if (catalog == nullptr) return away();
  return catalog->audit(query);
}

void CatalogLease::watch(Watcher changed) {
  const std::unique_lock lock(mutex_);
  watchers_.push_back(changed);
  if (catalog_ != nullptr) catalog_->watch(std::move(changed));
}

Result<std::uint32_t> CatalogLease::purge_audit(WallTime before, std::uint32_t limit) {
  const auto catalog = borrow();
  if (catalog == nullptr) return away();
  return catalog->purge_audit(before, limit);
}

CatalogStatus CatalogLease::status() const {
  const auto catalog = borrow();
  return catalog == nullptr ? CatalogStatus{} : catalog->status();
}

Result<std::uint32_t> CatalogLease::backup(const std::string& folder) {
  const auto catalog = borrow();
  if (catalog == nullptr) return away();
  return catalog->backup(folder);
}

}  // namespace tallygate::store
