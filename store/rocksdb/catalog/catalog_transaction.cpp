#include "store/rocksdb/catalog/catalog_transaction.h"

#include "store/bytes.h"
#include "store/catalog/catalog_keys.h"
#include "store/catalog/catalog_rules.h"

namespace tallygate::store {

Result<std::vector<Document>> CatalogTransaction::stage(const Transaction& transaction) {
  std::vector<Document> written;
  for (const DocumentWrite& write : transaction.writes) {
    auto document = stage_write(transaction, write);
    if (!document) return document.error();
    written.push_back(std::move(*document));
  }
  // All keys are given back before any is taken, so that documents may swap them.
  for (const auto& [key, document] : documents_) release_keys(document);
  for (const auto& [key, document] : documents_) {
    if (auto claimed = claim_keys(document); !claimed) return claimed.error();
    if (document.after) {
      batch_.Put(database_.family(CatalogFamily::documents), key, encode_document(*document.after));
    } else {
      batch_.Delete(database_.family(CatalogFamily::documents), key);
    }
  }
  batch_.Put(database_.family(CatalogFamily::meta), kAuditKey, big_endian(last_audit_));
  return written;
}

Result<Document> CatalogTransaction::stage_write(const Transaction& transaction,
                                                 const DocumentWrite& write) {
  const auto at = staged(write);
  if (!at) return at.error();
  Staged& document = **at;
  auto after = apply_write(document.after, write, transaction.now);
  if (!after) return after.error();
  add_audit(transaction, write, document.after);
  StoredDocument shown = *after ? **after : *document.after;
  if (!*after) {
    shown.revision += 1;
    shown.updated = transaction.now;
    shown.body.clear();
  }
  document.after = std::move(*after);
  return document_of(write.kind, write.id, std::move(shown));
}

Result<CatalogTransaction::Staged*> CatalogTransaction::staged(const DocumentWrite& write) {
  const std::string key = kind_prefix(write.kind) + write.id;
  const auto known = documents_.find(key);
  if (known != documents_.end()) return &known->second;
  const auto value = database_.get(CatalogFamily::documents, key);
  if (!value) return value.error();
  Staged document{write.kind, write.id, {}, {}};
  if (*value) {
    auto stored = decode_document(**value);
    if (!stored) return stored.error();
    document.before = document.after = std::move(*stored);
  }
  return &documents_.emplace(key, std::move(document)).first->second;
}

void CatalogTransaction::add_audit(const Transaction& transaction, const DocumentWrite& write,
                                   const std::optional<StoredDocument>& before) {
  const std::string number = big_endian(++last_audit_);
  batch_.Put(database_.family(CatalogFamily::audit), number,
             encode_audit_entry({.at = transaction.now,
                                 .actor = transaction.actor,
                                 .action = transaction.action,
                                 .kind = write.kind,
                                 .id = write.id,
                                 .before = before && !write.forget ? before->body : "",
                                 .after = write.forget ? "" : write.body.value_or("")}));
  auto* history = database_.family(CatalogFamily::history);
  batch_.Put(history, history_prefix(write.kind, write.id) + number, {});
  batch_.Put(history, history_prefix(write.kind, {}) + number, {});
}

void CatalogTransaction::release_keys(const Staged& document) {
  if (!document.before) return;
  for (const std::string& index_key : document.before->index_keys) {
    batch_.Delete(database_.family(CatalogFamily::index),
                  index_prefix(document.kind, index_key) + document.id);
  }
  for (const std::string& unique_key : document.before->unique_keys) {
    const std::string key = kind_prefix(document.kind) + unique_key;
    batch_.Delete(database_.family(CatalogFamily::unique), key);
    owners_[key] = std::nullopt;
  }
}

Result<void> CatalogTransaction::claim_keys(const Staged& document) {
  if (!document.after) return {};
  for (const std::string& index_key : document.after->index_keys) {
    batch_.Put(database_.family(CatalogFamily::index),
               index_prefix(document.kind, index_key) + document.id, {});
  }
  for (const std::string& unique_key : document.after->unique_keys) {
    const std::string key = kind_prefix(document.kind) + unique_key;
    const auto owner = owner_of(key);
    if (!owner) return owner.error();
    if (*owner && **owner != document.id) {
      return make_error(Errc::conflict,
                        document.kind + " '" + **owner + "' has '" + unique_key +
                            "' already; only one may have it",
                        unique_key);
    }
    owners_[key] = document.id;
    batch_.Put(database_.family(CatalogFamily::unique), key, document.id);
  }
  return {};
}

Result<std::optional<std::string>> CatalogTransaction::owner_of(const std::string& key) const {
  const auto known = owners_.find(key);
  if (known != owners_.end()) return known->second;
  return database_.get(CatalogFamily::unique, key);
}

}  // namespace tallygate::store
