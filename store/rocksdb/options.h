#pragma once
// Every RocksDB setting of the journal, with the reason where it is not obvious. 7.8 only.

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "store/journal/journal.h"
#include "store/rocksdb/retention_filter.h"

namespace tallygate::store {

/// Column families, in the order of their handles.
enum class Family : std::uint8_t {
  meta,     ///< "format" and what the keys below name
  log,      ///< big-endian u64 batch number -> the batch: its records
  index,    ///< partition, first batch of the segment there -> index entries
  times,    ///< batch number -> the newest record up to it
  names,    ///< big-endian u32 -> text
  tallies,  ///< encoded TallyKey -> encoded Tally
  units,    ///< experiment -> its counts; experiment, hash of a unit -> arm and epoch seen first
  series,   ///< series_key() -> encoded Totals
};
inline constexpr std::size_t kFamilyCount = 8;

/// Owned by the caller; outlives the database. The callbacks only set atomics.
struct BackgroundState {
  std::atomic<bool> failed{false};       ///< a flush or compaction failed: reopen when writes stall
  std::atomic<std::uint64_t> stalls{0};  ///< times that a family began to refuse writes
};

/// Its callbacks only set atomics of `state`; it lets no database recover by itself.
std::shared_ptr<::rocksdb::EventListener> make_failure_listener(
    std::shared_ptr<BackgroundState> state);

/// Of every database: its own log, in `folder`, holds warnings only, and is bounded.
void log_little(::rocksdb::DBOptions& db, const std::string& folder);

/// The block cache; memtables are charged to it.
std::shared_ptr<::rocksdb::Cache> make_journal_cache();
::rocksdb::DBOptions journal_db_options(const JournalOptions& options,
                                        const std::shared_ptr<::rocksdb::Cache>& cache,
                                        std::shared_ptr<BackgroundState> background);
/// In the order of Family.
std::vector<::rocksdb::ColumnFamilyDescriptor> journal_families(
    const JournalOptions& options, const std::shared_ptr<::rocksdb::Cache>& cache,
    std::shared_ptr<RetentionFilterFactory> filter);

/// no_slowdown everywhere: a stall answers Incomplete and the journal thread decides; mixing both
/// kinds has hung (PR 4475).
::rocksdb::WriteOptions journal_write_options();
::rocksdb::ReadOptions journal_scan_options();

}  // namespace tallygate::store
