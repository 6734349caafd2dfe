#pragma once
// Every RocksDB setting of the catalog, with the reason where it is not obvious. 7.8 only.

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/catalog/catalog_embedded.h"
#include "store/rocksdb/options.h"

namespace tallygate::store {

/// Column families, in the order of their handles. Keys: store/catalog/catalog_keys.h.
enum class CatalogFamily : std::uint8_t {
  meta,          ///< "format", "transactions", "audit": counters, big-endian
  documents,     ///< kind, id -> document
  index,         ///< kind, index key, id -> nothing
  unique,        ///< kind, unique key -> id of the document that has it
  audit,         ///< big-endian u64 number -> audit entry
  history,       ///< kind, id (empty = the whole kind), number -> nothing
  answers,       ///< Idempotency-Key -> answer
  answer_times,  ///< time, Idempotency-Key -> nothing
};
inline constexpr std::size_t kCatalogFamilyCount = 8;

::rocksdb::DBOptions catalog_db_options(const CatalogOptions& options,
                                        std::shared_ptr<BackgroundState> background);
/// In the order of CatalogFamily.
std::vector<::rocksdb::ColumnFamilyDescriptor> catalog_families();
::rocksdb::WriteOptions catalog_write_options();

}  // namespace tallygate::store
