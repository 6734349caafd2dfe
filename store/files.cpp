#include "store/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace tallygate::store {
namespace {

Error failed(const std::string& doing, const std::string& path) {
  return make_error(Errc::storage_unavailable,
                    "cannot " + doing + " '" + path +
                        "': " + std::error_code(errno, std::generic_category()).message());
}

bool write_and_sync(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t bytes = ::write(descriptor, text.data(), text.size());
    if (bytes < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(bytes));
  }
  return ::fsync(descriptor) == 0;
}

}  // namespace

Result<void> write_whole_file(const std::string& path, std::string_view text) {
  const std::string draft = path + ".draft";
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return failed("write", draft);
  const bool written = write_and_sync(file, text);
  if (!written) {
    const Error error = failed("write", draft);
    ::close(file);
    return error;
  }
  ::close(file);
  if (auto moved = move_path(draft, path); !moved) return moved;
  return sync_directory(std::filesystem::path(path).parent_path().string());
}

Result<void> sync_directory(const std::string& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return failed("open", path);
  const bool synced = ::fsync(directory) == 0;
  if (!synced) {
    const Error error = failed("sync", path);
    ::close(directory);
    return error;
  }
  ::close(directory);
  return {};
}

Result<void> move_path(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return {};
  return failed("move '" + from + "' to", to);
}

Result<std::unique_ptr<FileLock>> FileLock::take(const std::string& path, const std::string& busy) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return failed("write", path);
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return std::unique_ptr<FileLock>(new FileLock(file));
  const Error error =
      errno == EWOULDBLOCK ? make_error(Errc::storage_unavailable, busy) : failed("lock", path);
  ::close(file);
  return error;
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace tallygate::store
