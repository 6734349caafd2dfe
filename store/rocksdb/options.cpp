#include "store/rocksdb/options.h"

#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <chrono>

#include "store/rocksdb/info_log.h"

namespace tallygate::store {
namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;
constexpr std::size_t kCacheBytes = 64 * kMegabyte;
constexpr std::size_t kWriteBufferBytes = 48 * kMegabyte;

class FailureListener : public ::rocksdb::EventListener {
 public:
  explicit FailureListener(std::shared_ptr<BackgroundState> state) : state_(std::move(state)) {}

  void OnBackgroundError(::rocksdb::BackgroundErrorReason, ::rocksdb::Status*) override {
    state_->failed.store(true, std::memory_order_relaxed);
  }
  // The journal thread closes and reopens: Resume() claims success while writes go on failing
  // when the disk was full (issues 11643, 12998).
  void OnErrorRecoveryBegin(::rocksdb::BackgroundErrorReason, ::rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
  void OnStallConditionsChanged(const ::rocksdb::WriteStallInfo& info) override {
    if (info.condition.cur == ::rocksdb::WriteStallCondition::kStopped) {
      state_->stalls.fetch_add(1, std::memory_order_relaxed);
    }
  }

 private:
  std::shared_ptr<BackgroundState> state_;
};

::rocksdb::ColumnFamilyOptions base_options(const std::shared_ptr<::rocksdb::Cache>& cache) {
  ::rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.format_version = 5;
  table.checksum = ::rocksdb::kXXH3;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;

  ::rocksdb::ColumnFamilyOptions family;
  family.table_factory.reset(::rocksdb::NewBlockBasedTableFactory(table));
  family.write_buffer_size = 16 * kMegabyte;
  family.max_write_buffer_number = 2;
  family.compression = ::rocksdb::kNoCompression;
  return family;
}

/// Keys only grow, so that files never overlap and move down without being rewritten, until they
/// are compressed once on their way to level 2. A batch is larger than a block.
::rocksdb::ColumnFamilyOptions log_options(const ::rocksdb::ColumnFamilyOptions& base) {
  auto log = base;
  log.compaction_style = ::rocksdb::kCompactionStyleLevel;
  log.level_compaction_dynamic_level_bytes = false;
  log.level0_file_num_compaction_trigger = 2;  // retention removes no file of level 0
  log.max_bytes_for_level_base = 256 * kMegabyte;
  log.compression_per_level.assign(7, ::rocksdb::kLZ4Compression);
  log.compression_per_level[0] = log.compression_per_level[1] = ::rocksdb::kNoCompression;
  return log;
}

/// Every segment touches every partition: files are merged rarely and many at once. Hashes do not
/// compress.
::rocksdb::ColumnFamilyOptions index_options(const ::rocksdb::ColumnFamilyOptions& base,
                                             std::chrono::milliseconds retention,
                                             std::shared_ptr<RetentionFilterFactory> filter) {
  auto index = base;
  index.compaction_style = ::rocksdb::kCompactionStyleUniversal;
  index.compaction_options_universal.min_merge_width = 8;
  index.compaction_options_universal.max_size_amplification_percent = 1000;
  index.level0_file_num_compaction_trigger = 16;
  index.level0_slowdown_writes_trigger = 64;
  index.level0_stop_writes_trigger = 128;
  index.compaction_filter_factory = std::move(filter);
  // What is forgotten goes with the next merge; this is the latest.
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(retention).count();
  index.periodic_compaction_seconds =
      static_cast<std::uint64_t>(std::max<std::int64_t>(24 * 3600, seconds));
  return index;
}

}  // namespace

std::shared_ptr<::rocksdb::EventListener> make_failure_listener(
    std::shared_ptr<BackgroundState> state) {
  return std::make_shared<FailureListener>(std::move(state));
}

void log_little(::rocksdb::DBOptions& db, const std::string& folder) {
  db.info_log = make_info_log(folder);
  db.info_log_level = ::rocksdb::WARN_LEVEL;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
}

std::shared_ptr<::rocksdb::Cache> make_journal_cache() {
  return ::rocksdb::NewLRUCache(kCacheBytes);
}

::rocksdb::DBOptions journal_db_options(const JournalOptions& options,
                                        const std::shared_ptr<::rocksdb::Cache>& cache,
                                        std::shared_ptr<BackgroundState> background) {
  ::rocksdb::DBOptions db;
  if (options.env != nullptr) db.env = options.env;
  // Flushes and compactions are never urgent; a worker on the same core is.
  for (const auto pool : {::rocksdb::Env::HIGH, ::rocksdb::Env::LOW}) {
    db.env->LowerThreadPoolCPUPriority(pool);
  }
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.paranoid_checks = true;

  db.manual_wal_flush = false;  // else kill -9 loses what write() has not seen
  db.wal_bytes_per_sync = 0;    // a ranged sync may leave holes
  db.wal_recovery_mode = ::rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.max_total_wal_size = 64 * kMegabyte;
  db.recycle_log_file_num = 0;
  db.track_and_verify_wals_in_manifest = false;  // false alarms with SyncWAL before 7.10

  // One thread writes: whatever serves concurrent writers only costs.
  db.allow_concurrent_memtable_write = false;
  db.enable_write_thread_adaptive_yield = false;
  db.enable_pipelined_write = false;
  db.unordered_write = false;

  db.max_background_jobs = 2;
  db.write_buffer_manager =
      std::make_shared<::rocksdb::WriteBufferManager>(kWriteBufferBytes, cache, false);
  db.max_open_files = 256;
  db.bytes_per_sync = kMegabyte;
  db.avoid_flush_during_shutdown = false;
  db.max_bgerror_resume_count = 0;
  db.listeners.push_back(make_failure_listener(std::move(background)));

  log_little(db, options.path);
  return db;
}

std::vector<::rocksdb::ColumnFamilyDescriptor> journal_families(
    const JournalOptions& options, const std::shared_ptr<::rocksdb::Cache>& cache,
    std::shared_ptr<RetentionFilterFactory> filter) {
  const auto base = base_options(cache);
  auto series = base;
  series.compression = ::rocksdb::kLZ4Compression;  // most of a point's bytes are zero
  return {{::rocksdb::kDefaultColumnFamilyName, base},
          {"log", log_options(base)},
          {"index", index_options(base, options.retention, std::move(filter))},
          {"times", base},
          {"names", base},
          {"tallies", base},
          {"units", base},
          {"series", series}};
}

::rocksdb::WriteOptions journal_write_options() {
  ::rocksdb::WriteOptions write;
  write.no_slowdown = true;
  return write;
}

::rocksdb::ReadOptions journal_scan_options() {
  ::rocksdb::ReadOptions read;
  read.fill_cache = false;
  return read;
}

}  // namespace tallygate::store
