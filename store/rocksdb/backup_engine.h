#pragma once
// One database to and from a backup directory (RocksDB BackupEngine): files that a former backup
// has are shared, everything is checksummed and synced. Blocking; beside writes.

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace tallygate::store {

struct DatabaseBackup {
  std::uint32_t number = 0;
  std::int64_t made_seconds = 0;  ///< since 1970
  std::uint64_t bytes = 0;        ///< of its files, shared ones included
};

/// Returns its number. `name` is for messages: "journal" or "catalog". Errors: storage_unavailable.
Result<std::uint32_t> back_up(::rocksdb::DB& database, const std::string& directory,
                              const std::string& name);

/// Removes all before `first`, and files that no other has. Errors: storage_unavailable.
Result<void> remove_backups_before(const std::string& directory, std::uint32_t first);

/// Ascending by number, without those that are damaged. Errors: storage_unavailable.
Result<std::vector<DatabaseBackup>> list_database_backups(const std::string& directory);

/// Writes the files of backup `number` to `path`, checksums compared. Errors: storage_corrupt (the
/// backup is damaged), storage_unavailable.
Result<void> restore_database(const std::string& directory, std::uint32_t number,
                              const std::string& path, const std::string& name);

/// Opens what was restored as its gate would, replays its log, closes it. Errors: storage_corrupt.
Result<void> prove_catalog(const std::string& path);
Result<void> prove_journal(const std::string& path);

/// Keeps every tallygate from opening the database at a path while it lives.
class DatabaseLock {
 public:
  /// nullptr when there is no database to lock. Errors: storage_unavailable (it is open).
  static Result<std::unique_ptr<DatabaseLock>> take(const std::string& path);
  ~DatabaseLock();
  DatabaseLock(const DatabaseLock&) = delete;
  DatabaseLock& operator=(const DatabaseLock&) = delete;

 private:
  explicit DatabaseLock(::rocksdb::FileLock* lock) : lock_(lock) {}
  ::rocksdb::FileLock* lock_;
};

}  // namespace tallygate::store
