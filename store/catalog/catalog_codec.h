#pragma once
// What the embedded catalog stores <-> bytes. Values begin with a version byte; numbers are
// little-endian, texts have a 32-bit length before them. Reading checks every bound. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/catalog/catalog.h"

namespace tallygate::store {

/// A document's value. Its keys are kept so that they can be taken out when it is rewritten.
struct StoredDocument {
  std::uint64_t revision = 0;
  WallTime created = {};
  WallTime updated = {};
  std::string body = {};
  std::vector<std::string> index_keys = {};
  std::vector<std::string> unique_keys = {};

  bool operator==(const StoredDocument&) const = default;
};

std::string encode_document(const StoredDocument& document);
/// Errors of all three: storage_corrupt.
Result<StoredDocument> decode_document(std::string_view bytes);

/// Without its number, which is its key.
std::string encode_audit_entry(const AuditEntry& entry);
Result<AuditEntry> decode_audit_entry(std::string_view bytes);

/// Without its Idempotency-Key, which is its key.
std::string encode_answer(const RememberedAnswer& answer);
Result<RememberedAnswer> decode_answer(std::string_view bytes);

}  // namespace tallygate::store
