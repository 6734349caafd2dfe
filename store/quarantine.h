#pragma once
// What is done with a database that is damaged when its operator has said that the gate shall start
// all the same. Nothing is removed.

#include <string>
#include <string_view>

#include "base/result.h"

namespace tallygate::store {

/// Renames the database at `path` to `path`.corrupt-`stamp`, or the next free name after it, and
/// returns that. Errors: storage_unavailable (it is open elsewhere; it cannot be renamed).
Result<std::string> quarantine(const std::string& path, std::string_view stamp);

}  // namespace tallygate::store
