#pragma once
// A batch of the log <-> bytes: its records, each as the 16 bytes of its request id, u32 length,
// encoded record. Numbers are little-endian. Pure.

#include <string>
#include <string_view>

#include "base/result.h"
#include "router/record.h"

namespace tallygate::store {

/// A record as a batch holds it, not yet decoded.
struct StoredRecord {
  Uuid id;
  std::string_view bytes;
};

/// Appends `record` to `batch`.
void append_record(const router::Record& record, std::string& batch);
/// Consumes the first record from the front of `batch`, which is not empty. Every byte string is
/// acceptable input: what is cut is storage_corrupt.
Result<StoredRecord> take_record(std::string_view& batch);

}  // namespace tallygate::store
