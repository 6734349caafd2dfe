#pragma once
// One transaction on its way: the rules against what is stored, then one WriteBatch. Under the
// engine's mutex; the database must not change between stage() and the batch's write.

#include <rocksdb/write_batch.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/catalog/catalog.h"
#include "store/catalog/catalog_codec.h"
#include "store/rocksdb/catalog/catalog_database.h"

namespace tallygate::store {

class CatalogTransaction {
 public:
  /// `last_audit`: number of the last audit entry that is stored.
  CatalogTransaction(const CatalogDatabase& database, std::uint64_t last_audit)
      : database_(database), last_audit_(last_audit) {}

  /// The documents as they will be. Errors: those of Catalog::transact.
  Result<std::vector<Document>> stage(const Transaction& transaction);

  ::rocksdb::WriteBatch& batch() { return batch_; }
  std::uint64_t last_audit() const { return last_audit_; }

 private:
  /// A document before the transaction and after the writes so far.
  struct Staged {
    std::string kind;
    std::string id;
    std::optional<StoredDocument> before;
    std::optional<StoredDocument> after;
  };

  Result<Document> stage_write(const Transaction& transaction, const DocumentWrite& write);
  Result<Staged*> staged(const DocumentWrite& write);
  void add_audit(const Transaction& transaction, const DocumentWrite& write,
                 const std::optional<StoredDocument>& before);
  void release_keys(const Staged& document);
  Result<void> claim_keys(const Staged& document);
  Result<std::optional<std::string>> owner_of(const std::string& key) const;

  const CatalogDatabase& database_;
  std::uint64_t last_audit_;
  ::rocksdb::WriteBatch batch_;
  std::map<std::string, Staged> documents_;                   ///< by their key
  std::map<std::string, std::optional<std::string>> owners_;  ///< of unique keys that change
};

}  // namespace tallygate::store
