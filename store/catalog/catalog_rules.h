#pragma once
// What a write does to a document, and when it may not: pure.

#include <optional>

#include "base/result.h"
#include "store/catalog/catalog.h"
#include "store/catalog/catalog_codec.h"

namespace tallygate::store {

inline constexpr std::size_t kMaxBodyBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxKeysOfADocument = 256;
inline constexpr std::size_t kMaxWritesOfATransaction = 1024;

/// Sizes only. Errors: invalid_parameter, with the field.
Result<void> check_sizes(const Transaction& transaction);

/// What `write` makes of `current` (nullopt = is not there); nullopt = deleted. Errors:
/// precondition_failed, not_found.
Result<std::optional<StoredDocument>> apply_write(const std::optional<StoredDocument>& current,
                                                  const DocumentWrite& write, WallTime now);

Document document_of(std::string_view kind, std::string_view id, StoredDocument stored);

}  // namespace tallygate::store
