#pragma once
// Keys of the embedded catalog. What comes before the last part is a prefix to scan by: each of its
// texts has a 16-bit length before it, so that no text can imitate another's prefix. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace tallygate::store {

/// Longest kind, id, index key or unique key.
inline constexpr std::size_t kMaxKeyBytes = 1024;

/// All documents of a kind; the document's id follows.
std::string kind_prefix(std::string_view kind);
/// All documents of a kind that have this index key; the document's id follows.
std::string index_prefix(std::string_view kind, std::string_view index_key);
/// The history of a document, or of a kind when `id` is empty; the audit entry's number follows.
std::string history_prefix(std::string_view kind, std::string_view id);
/// Orders remembered answers by their time; the Idempotency-Key follows.
std::string time_prefix(WallTime at);

/// The first key after all that begin with `prefix`; empty = there is none.
std::string end_of(std::string prefix);

}  // namespace tallygate::store
