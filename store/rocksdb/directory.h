#pragma once
// The directory of a database, before RocksDB sees it.

#include <cstdint>
#include <string>

#include "base/result.h"

namespace tallygate::store {

enum class FolderMustBe : std::uint8_t {
  writable,  ///< and is made if it is missing
  there,     ///< with the database that was open before
};

/// Makes it if it is missing. RocksDB would begin a new database over files whose CURRENT is gone
/// and lose the old one without a word: that is storage_corrupt here. `database` is for messages:
/// "journal" or "catalog".
Result<void> prepare_directory(const std::string& path, const std::string& database,
                               FolderMustBe folder = FolderMustBe::writable);

}  // namespace tallygate::store
