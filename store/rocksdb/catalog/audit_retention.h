#pragma once
// What leaves the audit trail with age.

#include <rocksdb/write_batch.h>

#include <cstdint>

#include "base/result.h"
#include "base/time.h"
#include "store/rocksdb/catalog/catalog_database.h"

namespace tallygate::store {

/// Adds to `batch` the removal of the oldest entries made before `before`, at most `limit`, and of
/// what names them. Returns how many. Errors: storage_unavailable, storage_corrupt.
Result<std::uint32_t> stage_audit_removal(const CatalogDatabase& database, WallTime before,
                                          std::uint32_t limit, ::rocksdb::WriteBatch& batch);

}  // namespace tallygate::store
