#pragma once
// Record <-> bytes: a fixed little-endian head that starts with a version byte, then an optional
// tail of (tag u8, length u16, bytes). Unknown tags are skipped, so older binaries read newer
// tails. The request id is the key and not part of the value. Pure.

#include <string>
#include <string_view>

#include "base/result.h"
#include "router/record.h"

namespace tallygate::store {

inline constexpr std::uint8_t kRecordVersion = 1;

/// Appends to `out`.
void encode_record(const router::Record& record, std::string& out);
/// Every byte string is acceptable input: what is not a record is storage_corrupt.
Result<router::Record> decode_record(const Uuid& id, std::string_view bytes);

}  // namespace tallygate::store
