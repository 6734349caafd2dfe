#pragma once
// Looks at the disk under an open database: whether the folder is still the one that was opened,
// and whether the file system keeps its reserve. RocksDB notices neither: it writes on into files
// that have no name any more, and fills a disk to the last byte, after which it must be reopened.
// look() on any one thread at a time blocks; the questions are atomics, for any thread.

#include <rocksdb/env.h>
#include <rocksdb/sst_file_manager.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace tallygate::store {

/// Which folder a path names: two are the same one only if both numbers are.
struct FolderIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FolderIdentity&) const = default;
};

/// Of the database at `path`; all zero when there is none (no folder, or no file CURRENT in it).
FolderIdentity identity_of(const std::string& path);

/// What must stay free of a file system of `capacity_bytes`: 5 % of it, at most 256 MB. Flushes,
/// compactions and the catalog's writes live on it while the journal pauses.
std::uint64_t reserve_of(std::uint64_t capacity_bytes);

/// Whether space is short, given that it was or was not: it ends with a quarter of the reserve
/// more, so that it does not come and go with each file.
bool is_space_short(std::uint64_t free_bytes, std::uint64_t reserve_bytes, bool was_short);

class DiskWatch {
 public:
  enum class State : std::uint8_t {
    well,
    replaced,  ///< another database is at the path: open that one
    full,      ///< less than the reserve is free
    gone,      ///< no database is at the path
  };

  /// `env` null = the file system.
  DiskWatch(std::string path, ::rocksdb::Env* env);
  ~DiskWatch();
  DiskWatch(const DiskWatch&) = delete;
  DiskWatch& operator=(const DiskWatch&) = delete;

  /// The database at the path was opened: from now on it is the one that must be there.
  void remember();
  /// Returns whether the state has changed.
  bool look();
  State state() const { return state_.load(std::memory_order_relaxed); }
  /// The database that was opened has been removed: not only its name, but what it names.
  bool is_removed();
  /// As of the last look: enough is free to open the database once more, if only to remove from it.
  bool has_room_to_open() const { return has_room_to_open_.load(std::memory_order_relaxed); }

  /// Tells RocksDB how large its table files may become before flushes and compactions stop: what
  /// they have and what is free beyond the reserve. Shared by all openings of the database.
  const std::shared_ptr<::rocksdb::SstFileManager>& quota() const { return quota_; }

 private:
  State judge();

  const std::string path_;
  ::rocksdb::Env* const env_;
  std::shared_ptr<::rocksdb::SstFileManager> quota_;
  std::mutex looking_;
  FolderIdentity opened_;
  int folder_ = -1;  ///< the one that was opened, wherever it is now
  bool was_short_ = false;
  std::atomic<bool> has_room_to_open_{false};
  std::atomic<State> state_{State::well};
};

}  // namespace tallygate::store
