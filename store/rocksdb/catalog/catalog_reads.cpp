#include "store/rocksdb/catalog/catalog_reads.h"

#include <rocksdb/snapshot.h>

#include <algorithm>
#include <deque>

#include "store/bytes.h"
#include "store/catalog/catalog_codec.h"
#include "store/catalog/catalog_keys.h"
#include "store/catalog/catalog_rules.h"
#include "store/rocksdb/catalog/catalog_cursor.h"

namespace tallygate::store {
namespace {

constexpr std::size_t kMaxFilters = 16;

Error broken(const std::string& what) {
  return make_error(Errc::storage_corrupt, "catalog: " + what + "; restore it from a backup");
}

bool fits_a_key(std::string_view text) { return text.size() <= kMaxKeyBytes; }

/// Moves all to the next id that every one of them has; false = there is none.
bool align(std::deque<CatalogCursor>& cursors) {
  std::string id;
  for (std::size_t agreeing = 0, i = 0; agreeing < cursors.size(); i = (i + 1) % cursors.size()) {
    CatalogCursor& cursor = cursors[i];
    if (agreeing > 0 && cursor.is_valid() && !cursor.has_reached(id)) cursor.to(id);
    if (!cursor.is_valid()) return false;
    if (agreeing > 0 && cursor.suffix() == id) {
      ++agreeing;
    } else {
      id = cursor.suffix();
      agreeing = 1;
    }
  }
  return true;
}

void open_cursors(const CatalogDatabase& database, const DocumentQuery& query,
                  const ::rocksdb::Snapshot* snapshot, BoundedRead& bounds,
                  std::deque<CatalogCursor>& cursors) {
  const auto open = [&](CatalogFamily family, std::string prefix) {
    cursors.emplace_back(database, CatalogCursor::Range{family, std::move(prefix),
                                                        query.newest_first, snapshot, &bounds});
  };
  for (const std::string& key : query.index_keys) {
    open(CatalogFamily::index, index_prefix(query.kind, key));
  }
  if (cursors.empty()) open(CatalogFamily::documents, kind_prefix(query.kind));
  for (CatalogCursor& cursor : cursors) {
    if (query.after.empty()) {
      cursor.to_first();
    } else {
      cursor.to_after(query.after);
    }
  }
}

Result<Document> read_document(std::string_view kind, std::string_view id, std::string_view bytes) {
  auto stored = decode_document(bytes);
  if (!stored) return stored.error();
  return document_of(kind, id, std::move(*stored));
}

}  // namespace

Result<Document> find_document(const CatalogDatabase& database, std::string_view kind,
                               std::string_view id) {
  const auto missing = [&] {
    return make_error(
        Errc::not_found,
        std::string(kind) + " '" + std::string(id.substr(0, kMaxKeyBytes)) + "' does not exist");
  };
  if (!fits_a_key(kind) || !fits_a_key(id)) return missing();
  const auto value = database.get(CatalogFamily::documents, kind_prefix(kind) + std::string(id));
  if (!value) return value.error();
  if (!*value) return missing();
  return read_document(kind, id, **value);
}

Result<DocumentPage> list_documents(const CatalogDatabase& database, const DocumentQuery& query) {
  if (query.index_keys.size() > kMaxFilters) {
    return make_error(Errc::invalid_parameter,
                      "a list by " + std::to_string(query.index_keys.size()) +
                          " filters; it may have " + std::to_string(kMaxFilters));
  }
  DocumentPage page;
  if (!fits_a_key(query.kind) ||
      !std::all_of(query.index_keys.begin(), query.index_keys.end(), fits_a_key)) {
    return page;  // nothing can have such a key
  }
  ::rocksdb::ManagedSnapshot snapshot(&database.engine());
  BoundedRead bounds(database.engine());
  std::deque<CatalogCursor> cursors;
  open_cursors(database, query, snapshot.snapshot(), bounds, cursors);
  std::size_t bytes = 0;
  for (; align(cursors); cursors.front().next()) {
    if (page.documents.size() == query.limit || bytes >= query.most_bytes) {
      page.has_more = true;
      return page;
    }
    const std::string id(cursors.front().suffix());
    std::string prefix = kind_prefix(query.kind);
    const auto value =
        database.get(CatalogFamily::documents, prefix.append(id), snapshot.snapshot());
    if (!value) return value.error();
    if (!*value)
      return broken("its index names " + query.kind + " '" + id + "', which is not there");
    auto document = read_document(query.kind, id, **value);
    if (!document) return document.error();
    bytes += document->body.size();
    page.documents.push_back(std::move(*document));
  }
  for (const CatalogCursor& cursor : cursors) {
    if (cursor.is_valid()) continue;
    if (auto ended = cursor.ended(); !ended) return ended.error();
  }
  return page;
}

Result<std::vector<Document>> all_documents(const CatalogDatabase& database,
                                            std::string_view kind) {
  std::vector<Document> documents;
  if (!fits_a_key(kind)) return documents;
  BoundedRead bounds(database.engine());
  CatalogCursor cursor(database,
                       {CatalogFamily::documents, kind_prefix(kind), false, nullptr, &bounds});
  for (cursor.to_first(); cursor.is_valid(); cursor.next()) {
    auto document = read_document(kind, cursor.suffix(), cursor.value());
    if (!document) return document.error();
    documents.push_back(std::move(*document));
  }
  if (auto ended = cursor.ended(); !ended) return ended.error();
  return documents;
}

Result<std::vector<AuditEntry>> list_audit(const CatalogDatabase& database,
                                           const AuditQuery& query) {
  std::vector<AuditEntry> entries;
  if (!fits_a_key(query.kind) || !fits_a_key(query.id)) return entries;
  ::rocksdb::ManagedSnapshot snapshot(&database.engine());  // purge_audit() may come between
  const bool everything = query.kind.empty();
  BoundedRead bounds(database.engine());
  CatalogCursor cursor(database, {everything ? CatalogFamily::audit : CatalogFamily::history,
                                  everything ? "" : history_prefix(query.kind, query.id), true,
                                  snapshot.snapshot(), &bounds});
  for (cursor.to_after(big_endian(query.before_number));
       cursor.is_valid() && entries.size() < query.limit; cursor.next()) {
    const std::string number(cursor.suffix());
    if (number.size() != sizeof(std::uint64_t)) return broken("an audit entry has a broken number");
    const auto value = database.get(CatalogFamily::audit, number, snapshot.snapshot());
    if (!value) return value.error();
    if (!*value) return broken("an entry of its history is missing");
    auto entry = decode_audit_entry(**value);
    if (!entry) return entry.error();
    entry->number = from_big_endian<std::uint64_t>(number);
    entries.push_back(std::move(*entry));
  }
  if (auto ended = cursor.ended(); !ended) return ended.error();
  return entries;
}

}  // namespace tallygate::store
