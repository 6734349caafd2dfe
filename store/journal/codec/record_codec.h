#pragma once
// Record <-> bytes: a fixed little-endian head that starts with a version byte, then an optional
// tail of (tag u8, length u16, bytes). Unknown tags are skipped, so older binaries read newer
// tails. The request id is the key and not part of the value. Pure.
//
// Version 2 has the flags `mirrored` and `exceeded`, which read as false in version 1. A binary
// that knows version 1 only must not count a shadow copy as a request: it refuses version 2.

#include <string>
#include <string_view>

#include "base/result.h"
#include "router/record.h"

namespace tallygate::store {

inline constexpr std::uint8_t kRecordVersion = 2;
inline constexpr std::uint8_t kOldestRecordVersion = 1;

/// Appends to `out`.
void encode_record(const router::Record& record, std::string& out);
/// Every byte string is acceptable input: what is not a record is storage_corrupt.
Result<router::Record> decode_record(const Uuid& id, std::string_view bytes);

}  // namespace tallygate::store
