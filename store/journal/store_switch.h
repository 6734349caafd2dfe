#pragma once
// Puts a restored store in the place of another, which is kept. The store's databases are the
// directories `catalog` and `journal` in store.path.

#include <string>

#include "base/result.h"

namespace tallygate::store {

/// Where a restore writes before the switch, within the store's path.
inline constexpr const char* kRestoring = "restoring";

/// Whether there is a database at `store_path`.
bool has_store(const std::string& store_path);

/// Moves the databases of `store_path` to a new folder in it, "replaced-1" or the next free, then
/// those in its "restoring" to their place. Returns that folder, empty if there was nothing to
/// keep. A crash between two moves leaves a mark by which check_no_unfinished_restore() knows.
Result<std::string> switch_store(const std::string& store_path);

/// storage_corrupt when a switch beside the database at `database_path` was interrupted.
Result<void> check_no_unfinished_restore(const std::string& database_path);

}  // namespace tallygate::store
