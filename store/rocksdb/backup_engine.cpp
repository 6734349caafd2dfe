#include "store/rocksdb/backup_engine.h"

#include <rocksdb/utilities/backup_engine.h>

#include <filesystem>
#include <memory>
#include <system_error>

#include "store/rocksdb/catalog/catalog_database.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/errors.h"

namespace tallygate::store {
namespace {

Error unusable(const ::rocksdb::Status& status, const std::string& directory) {
  return make_error(Errc::storage_unavailable,
                    "backups in '" + directory + "': " + status.ToString());
}

Result<std::unique_ptr<::rocksdb::BackupEngineReadOnly>> open_to_read(
    const std::string& directory) {
  ::rocksdb::BackupEngineReadOnly* engine = nullptr;
  const auto status = ::rocksdb::BackupEngineReadOnly::Open(
      ::rocksdb::BackupEngineOptions(directory), ::rocksdb::Env::Default(), &engine);
  if (!status.ok()) return unusable(status, directory);
  return std::unique_ptr<::rocksdb::BackupEngineReadOnly>(engine);
}

}  // namespace

Result<std::uint32_t> back_up(::rocksdb::DB& database, const std::string& directory,
                              const std::string& name) {
  std::error_code ec;
  std::filesystem::create_directories(directory, ec);
  if (ec) {
    return make_error(Errc::storage_unavailable, "the backup folder '" + directory +
                                                     "' cannot be made (" + ec.message() + ")");
  }
  ::rocksdb::BackupEngine* opened = nullptr;
  auto status = ::rocksdb::BackupEngine::Open(::rocksdb::BackupEngineOptions(directory),
                                              ::rocksdb::Env::Default(), &opened);
  if (!status.ok()) return unusable(status, directory);
  const std::unique_ptr<::rocksdb::BackupEngine> engine(opened);
  // What is not in a table file yet is in the write-ahead log, which is copied with the rest.
  ::rocksdb::CreateBackupOptions options;
  options.decrease_background_thread_cpu_priority = true;
  options.background_thread_cpu_priority = ::rocksdb::CpuPriority::kLow;
  ::rocksdb::BackupID number = 0;
  status = engine->CreateNewBackup(options, &database, &number);
  if (!status.ok()) return error_of(status, "backing up to '" + directory + "'", name);
  return number;
}

Result<void> remove_backups_before(const std::string& directory, std::uint32_t first) {
  ::rocksdb::BackupEngine* opened = nullptr;
  const auto status = ::rocksdb::BackupEngine::Open(::rocksdb::BackupEngineOptions(directory),
                                                    ::rocksdb::Env::Default(), &opened);
  if (!status.ok()) return unusable(status, directory);
  const std::unique_ptr<::rocksdb::BackupEngine> engine(opened);
  std::vector<::rocksdb::BackupInfo> infos;
  engine->GetBackupInfo(&infos);
  for (const auto& info : infos) {
    if (info.backup_id >= first) continue;
    const auto removed = engine->DeleteBackup(info.backup_id);
    if (!removed.ok()) return unusable(removed, directory);
  }
  return {};
}

Result<std::vector<DatabaseBackup>> list_database_backups(const std::string& directory) {
  const auto engine = open_to_read(directory);
  if (!engine) return engine.error();
  std::vector<::rocksdb::BackupInfo> infos;
  (*engine)->GetBackupInfo(&infos);
  std::vector<DatabaseBackup> backups;
  for (const auto& info : infos) backups.push_back({info.backup_id, info.timestamp, info.size});
  return backups;
}

Result<void> restore_database(const std::string& directory, std::uint32_t number,
                              const std::string& path, const std::string& name) {
  const auto engine = open_to_read(directory);
  if (!engine) return engine.error();
  const auto status = (*engine)->RestoreDBFromBackup(number, path, path);
  if (status.ok()) return {};
  const std::string what = name + " of backup '" + directory + "' number " +
                           std::to_string(number) + ": " + status.ToString();
  if (status.IsCorruption() || status.IsNotFound() || status.IsPathNotFound()) {
    return make_error(Errc::storage_corrupt, what + "; take an older backup (--number)");
  }
  return make_error(Errc::storage_unavailable, what);
}

Result<void> prove_catalog(const std::string& path) {
  const auto opened = CatalogDatabase::open({.path = path}, CatalogDatabase::Mode::read_write);
  if (!opened) return opened.error();
  return {};
}

Result<void> prove_journal(const std::string& path) {
  JournalOptions options;
  options.path = path;
  const auto opened = Database::open_primary(options, {});
  if (!opened) return opened.error();
  return {};
}

Result<std::unique_ptr<DatabaseLock>> DatabaseLock::take(const std::string& path) {
  std::error_code ec;
  if (!std::filesystem::exists(path + "/CURRENT", ec)) return std::unique_ptr<DatabaseLock>();
  ::rocksdb::FileLock* lock = nullptr;
  const auto status = ::rocksdb::Env::Default()->LockFile(path + "/LOCK", &lock);
  if (!status.ok()) {
    return make_error(Errc::storage_unavailable,
                      "'" + path + "' cannot be locked (" + status.ToString() +
                          "): a running tallygate has it open, or it is not writable");
  }
  return std::unique_ptr<DatabaseLock>(new DatabaseLock(lock));
}

DatabaseLock::~DatabaseLock() {
  ::rocksdb::Env::Default()->UnlockFile(lock_).PermitUncheckedError();
}

}  // namespace tallygate::store
