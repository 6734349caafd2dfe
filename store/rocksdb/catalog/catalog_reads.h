#pragma once
// The catalog's questions, answered from its database. Thread-safe; they block.

#include "store/catalog/catalog.h"
#include "store/rocksdb/catalog/catalog_database.h"

namespace tallygate::store {

Result<Document> find_document(const CatalogDatabase& database, std::string_view kind,
                               std::string_view id);
/// By intersection of the index keys' entries, each sorted by id.
Result<DocumentPage> list_documents(const CatalogDatabase& database, const DocumentQuery& query);
Result<std::vector<Document>> all_documents(const CatalogDatabase& database, std::string_view kind);
Result<std::vector<AuditEntry>> list_audit(const CatalogDatabase& database,
                                           const AuditQuery& query);

}  // namespace tallygate::store
