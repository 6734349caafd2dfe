#pragma once
// The directory of a database, before RocksDB sees it.

#include <string>

#include "base/result.h"

namespace tallygate::store {

/// Makes it if it is missing. RocksDB would begin a new database over files whose CURRENT is gone
/// and lose the old one without a word: that is storage_corrupt here. `database` is for messages:
/// "journal" or "catalog".
Result<void> prepare_directory(const std::string& path, const std::string& database);

}  // namespace tallygate::store
