#pragma once
// How far the log was synced, in a small file beside the journal's. Recovery to a point in time
// takes damage in the middle of the write-ahead log for its end: what comes after is dropped
// without a word. A log that ends before this mark has lost what a sync had made safe, so it is
// damaged.

#include <cstdint>
#include <string>

namespace tallygate::store {

/// Batches up to `batch` survive a power loss. Not synced itself: an older mark is a true one, too.
/// False: it could not be written.
bool write_sync_mark(const std::string& path, std::uint64_t batch);

/// 0 when there is none, or none that is whole.
std::uint64_t read_sync_mark(const std::string& path);

/// What is lost is accepted.
void remove_sync_mark(const std::string& path);

}  // namespace tallygate::store
