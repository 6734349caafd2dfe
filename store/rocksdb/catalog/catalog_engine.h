#pragma once
// The embedded catalog: one RocksDB of its own. One transaction at a time, under a mutex; reads run
// beside it. After a write that failed, the database is opened again, so that what memory counts
// and what the disk has cannot part; while that fails it is read from only. A folder that has gone
// is not made anew.

#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "store/catalog/catalog.h"
#include "store/catalog/catalog_embedded.h"
#include "store/rocksdb/catalog/catalog_answers.h"
#include "store/rocksdb/catalog/catalog_database.h"
#include "store/rocksdb/catalog/catalog_transaction.h"
#include "store/rocksdb/disk_watch.h"

namespace tallygate::store {

class CatalogEngine final : public Catalog {
 public:
  explicit CatalogEngine(CatalogOptions options) : options_(std::move(options)) {}
  /// Before anything else.
  Result<void> open();

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
  using Watchers = std::vector<std::function<void(const std::vector<Document>&)>>;

  Result<std::vector<Document>> write(const Transaction& transaction);
  Result<void> commit(CatalogTransaction& staged, bool remembers);
  /// Errors: storage_unavailable.
  Result<void> be_writable();
  Result<void> reopen(FolderMustBe folder);
  ::rocksdb::Status write_patiently(::rocksdb::WriteBatch& batch);
  void note_failure(StoreTrouble trouble, const std::string& what);
  Result<void> load(const CatalogDatabase& database);
  template <class Read>
  auto with_database(const Read& read) const -> decltype(read(std::declval<CatalogDatabase&>()));

  const CatalogOptions options_;
  std::shared_ptr<BackgroundState> background_ = std::make_shared<BackgroundState>();
  mutable std::shared_mutex database_mutex_;  ///< exclusive while the pointer changes
  std::unique_ptr<CatalogDatabase> database_;

  std::mutex write_mutex_;  ///< one transaction at a time; guards what follows
  bool is_writable_ = false;
  FolderIdentity opened_;
  std::uint64_t transactions_ = 0;
  std::uint64_t last_audit_ = 0;
  AnswerBook answers_;

  mutable std::mutex status_mutex_;
  CatalogStatus status_;

  std::mutex watchers_mutex_;
  std::shared_ptr<const Watchers> watchers_ = std::make_shared<Watchers>();
};

}  // namespace tallygate::store
