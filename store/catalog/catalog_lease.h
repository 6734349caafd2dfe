#pragma once
// An embedded catalog whose files may be let go of, for another process, and taken back. While they
// are away every call answers storage_unavailable. Any thread.

#include <atomic>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "store/catalog/catalog.h"

namespace tallygate::store {

class CatalogLease final : public Catalog {
 public:
  /// Errors as open_catalog().
  static Result<std::unique_ptr<CatalogLease>> open(const std::string& path);

  /// Waits for calls under way, then closes.
  void release();
  Result<void> take_back();

  Result<Document> find(std::string_view kind, std::string_view id) const override;
  Result<DocumentPage> list(const DocumentQuery& query) const override;
  Result<std::vector<Document>> all(std::string_view kind) const override;
  Result<std::vector<Document>> transact(const Transaction& transaction) override;
  Result<std::optional<RememberedAnswer>> recall(std::string_view key, WallTime now) const override;
  Result<std::vector<AuditEntry>> audit(const AuditQuery& query) const override;
  void watch(std::function<void(const std::vector<Document>&)> changed) override;
  Result<std::uint32_t> purge_audit(WallTime before, std::uint32_t limit) override;
  CatalogStatus status() const override;
  Result<std::uint32_t> backup(const std::string& folder) override;

 private:
  using Watcher = std::function<void(const std::vector<Document>&)>;

  explicit CatalogLease(std::string path) : path_(std::move(path)) {}
  /// The catalog for as long as a call uses it; null while it is away.
  std::shared_ptr<Catalog> borrow() const;

  const std::string path_;
  mutable std::shared_mutex mutex_;  ///< of what follows
  std::shared_ptr<Catalog> catalog_;
  std::shared_ptr<std::atomic<bool>> closed_;  ///< of `catalog_`: its files are free
  std::vector<Watcher> watchers_;
};

}  // namespace tallygate::store
