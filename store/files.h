#pragma once
// The few file operations that must survive a crash or keep others out. Errors of all:
// storage_unavailable.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tallygate::store {

/// A file that is there with all of `text` or not at all, also after a power loss.
Result<void> write_whole_file(const std::string& path, std::string_view text);

/// Renames in this directory survive a power loss.
Result<void> sync_directory(const std::string& path);

/// Renames within one file system; synced in both directories by the caller.
Result<void> move_path(const std::string& from, const std::string& to);

/// Held by one at a time, in this process or another; `busy` says what the other one does.
class FileLock {
 public:
  static Result<std::unique_ptr<FileLock>> take(const std::string& path, const std::string& busy);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace tallygate::store
