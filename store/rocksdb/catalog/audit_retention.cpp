#include "store/rocksdb/catalog/audit_retention.h"

#include <string>

#include "store/catalog/catalog_codec.h"
#include "store/catalog/catalog_keys.h"
#include "store/rocksdb/catalog/catalog_cursor.h"

namespace tallygate::store {

Result<std::uint32_t> stage_audit_removal(const CatalogDatabase& database, WallTime before,
                                          std::uint32_t limit, ::rocksdb::WriteBatch& batch) {
  std::uint32_t removed = 0;
  CatalogCursor cursor(database, {CatalogFamily::audit, "", false, nullptr, nullptr});
  for (cursor.to_first(); cursor.is_valid() && removed < limit; cursor.next()) {
    const auto entry = decode_audit_entry(cursor.value());
    if (!entry) return entry.error();
    if (entry->at >= before) break;
    const std::string number(cursor.suffix());
    batch.Delete(database.family(CatalogFamily::audit), number);
    auto* history = database.family(CatalogFamily::history);
    batch.Delete(history, history_prefix(entry->kind, entry->id) + number);
    batch.Delete(history, history_prefix(entry->kind, {}) + number);
    ++removed;
  }
  if (auto ended = cursor.ended(); !ended) return ended.error();
  return removed;
}

}  // namespace tallygate::store
