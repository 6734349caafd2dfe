#include "store/rocksdb/catalog/catalog_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "store/rocksdb/options.h"

namespace tallygate::store {
namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

::rocksdb::ColumnFamilyOptions family_options() {
  ::rocksdb::BlockBasedTableOptions table;
  table.block_cache = ::rocksdb::NewLRUCache(16 * kMegabyte);
  table.format_version = 5;
  table.checksum = ::rocksdb::kXXH3;
  table.filter_policy.reset(::rocksdb::NewBloomFilterPolicy(10));
  ::rocksdb::ColumnFamilyOptions family;
  family.table_factory.reset(::rocksdb::NewBlockBasedTableFactory(table));
  family.write_buffer_size = 4 * kMegabyte;
  family.compression = ::rocksdb::kLZ4Compression;
  return family;
}

}  // namespace

::rocksdb::DBOptions catalog_db_options(const CatalogOptions& options,
                                        std::shared_ptr<BackgroundState> background) {
  ::rocksdb::DBOptions db;
  if (options.env != nullptr) db.env = options.env;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.paranoid_checks = true;

  // What was answered was synced, so that only the last transaction's end may be missing. Damage
  // before it must be told: kPointInTimeRecovery would drop what comes after it without a word.
  db.wal_recovery_mode = ::rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.manual_wal_flush = false;
  db.max_total_wal_size = 16 * kMegabyte;
  db.recycle_log_file_num = 0;

  // The engine reopens: Resume() claims success while writes go on failing when the disk was full
  // (issues 11643, 12998).
  db.max_bgerror_resume_count = 0;
  db.allow_concurrent_memtable_write = false;
  db.enable_write_thread_adaptive_yield = false;
  db.max_background_jobs = 2;
  db.max_open_files = 256;
  db.bytes_per_sync = kMegabyte;
  db.listeners.push_back(make_failure_listener(std::move(background)));

  log_little(db, options.path);
  return db;
}

std::vector<::rocksdb::ColumnFamilyDescriptor> catalog_families() {
  const auto family = family_options();
  return {{::rocksdb::kDefaultColumnFamilyName, family},
          {"documents", family},
          {"index", family},
          {"unique", family},
          {"audit", family},
          {"history", family},
          {"answers", family},
          {"answer_times", family}};
}

::rocksdb::WriteOptions catalog_write_options() {
  ::rocksdb::WriteOptions write;
  write.sync = true;
  write.no_slowdown = true;  // a stall answers Incomplete; the engine waits, but not for ever
  return write;
}

}  // namespace tallygate::store
