#pragma once
// An embedded catalog whose files may be let go of, for another process, and taken back. While they
// are away calls wait for kLoanPatience, then answer storage_unavailable. Any thread.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "store/catalog/catalog.h"

namespace tallygate::store {

class CatalogLease final : public Catalog {
 public:
  static constexpr std::chrono::seconds kLoanPatience{5};
  static constexpr std::chrono::seconds kCloseWithin{8};

  /// Opens one: open_catalog() outside of tests. Its errors become those of open() and take_back().
  using Opener = std::function<Result<std::unique_ptr<Catalog>>()>;
  static Result<std::unique_ptr<CatalogLease>> open(const std::string& path);
  static Result<std::unique_ptr<CatalogLease>> open(
      Opener opener, std::chrono::milliseconds close_within = kCloseWithin);
  ~CatalogLease() override;

  /// Waits for calls under way, then closes. storage_unavailable: the disk did not answer within
  /// kCloseWithin; the files are not free, and nothing can be read or written until take_back().
  Result<void> release();
  Result<void> take_back();
  /// After release(): it does not come back, so that no call waits for it.
  void leave();
  /// For good; idempotent. False when the disk did not answer in time: what hangs is left behind
  /// with its thread, so that the process should end without returning from main.
  bool close();

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

  /// Whether its files are free; outlives a catalog that hangs.
  class Closing;

  CatalogLease(Opener opener, std::chrono::milliseconds close_within)
      : opener_(std::move(opener)), close_within_(close_within) {}
  /// The catalog for as long as a call uses it; null while it is away.
  std::shared_ptr<Catalog> borrow() const;
  bool is_closed_in_time();

  const Opener opener_;
  const std::chrono::milliseconds close_within_;
  mutable std::shared_mutex mutex_;  ///< of what follows
  mutable std::condition_variable_any back_;
  std::shared_ptr<Catalog> catalog_;
  bool is_lent_ = false;
  std::shared_ptr<Closing> closing_;  ///< of `catalog_`, or of the last one
  std::vector<Watcher> watchers_;
};

}  // namespace tallygate::store
