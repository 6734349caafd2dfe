#include "store/catalog/catalog_lease.h"

#include <mutex>

namespace tallygate::store {
namespace {

Error away() {
  return make_error(Errc::storage_unavailable,
                    "catalog: it is being handed over to another process; try again");
}

}  // namespace

Result<std::unique_ptr<CatalogLease>> CatalogLease::open(const std::string& path) {
  std::unique_ptr<CatalogLease> lease(new CatalogLease(path));
  if (auto opened = lease->take_back(); !opened) return opened.error();
  return lease;
}

std::shared_ptr<Catalog> CatalogLease::borrow() const {
  const std::shared_lock lock(mutex_);
  return catalog_;
}

void CatalogLease::release() {
  std::shared_ptr<std::atomic<bool>> closed;
  {
    const std::unique_lock lock(mutex_);
    if (catalog_ == nullptr) return;
    catalog_.reset();
    closed = closed_;
  }
  // A watcher may call back, so calls hold no lock; the last one that uses the catalog closes it.
  closed->wait(false);
}

Result<void> CatalogLease::take_back() {
  auto opened = open_catalog(path_);
  if (!opened) return opened.error();
  const std::unique_lock lock(mutex_);
  closed_ = std::make_shared<std::atomic<bool>>(false);
  catalog_ = std::shared_ptr<Catalog>(opened->release(), [closed = closed_](Catalog* catalog) {
    delete catalog;
    closed->store(true);
    closed->notify_all();
  });
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
