#include "store/rocksdb/disk_watch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tallygate::store {
namespace {

constexpr std::uint64_t kLargestReserve = std::uint64_t{256} << 20;

std::uint64_t capacity_of(const std::string& path) {
  struct statvfs space = {};
  if (::statvfs(path.c_str(), &space) != 0) return 0;
  return std::uint64_t{space.f_blocks} * space.f_frsize;
}

}  // namespace

FolderIdentity identity_of(const std::string& path) {
  struct stat folder = {};
  struct stat current = {};
  if (::stat(path.c_str(), &folder) != 0) return {};
  if (::stat((path + "/CURRENT").c_str(), &current) != 0) return {};
  return {folder.st_dev, folder.st_ino};
}

std::uint64_t reserve_of(std::uint64_t capacity_bytes) {
  return std::min(capacity_bytes / 20, kLargestReserve);
}

bool is_space_short(std::uint64_t free_bytes, std::uint64_t reserve_bytes, bool was_short) {
  return free_bytes < (was_short ? reserve_bytes + reserve_bytes / 4 : reserve_bytes);
}

DiskWatch::DiskWatch(std::string path, ::rocksdb::Env* env)
    : path_(std::move(path)),
      env_(env != nullptr ? env : ::rocksdb::Env::Default()),
      quota_(::rocksdb::NewSstFileManager(env_)) {}

DiskWatch::~DiskWatch() {
  if (folder_ >= 0) ::close(folder_);
}

void DiskWatch::remember() {
  const std::lock_guard lock(looking_);
  opened_ = identity_of(path_);
  if (folder_ >= 0) ::close(folder_);
  folder_ = ::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  state_.store(judge(), std::memory_order_relaxed);
}

bool DiskWatch::look() {
  const std::lock_guard lock(looking_);
  const State state = judge();
  return state_.exchange(state, std::memory_order_relaxed) != state;
}

bool DiskWatch::is_removed() {
  const std::lock_guard lock(looking_);
  struct stat current = {};
  return folder_ >= 0 && ::fstatat(folder_, "CURRENT", &current, 0) != 0 && errno == ENOENT;
}

DiskWatch::State DiskWatch::judge() {
  const FolderIdentity here = identity_of(path_);
  if (here == FolderIdentity{}) return State::gone;
  std::uint64_t free_bytes = 0;
  if (env_->GetFreeSpace(path_, &free_bytes).ok()) {
    const std::uint64_t reserve = reserve_of(capacity_of(path_));
    has_room_to_open_.store(free_bytes >= reserve / 2, std::memory_order_relaxed);
    was_short_ = is_space_short(free_bytes, reserve, was_short_);
    const std::uint64_t room = free_bytes > reserve ? free_bytes - reserve : 0;
    quota_->SetMaxAllowedSpaceUsage(std::max<std::uint64_t>(quota_->GetTotalSize() + room, 1));
    if (was_short_) return State::full;
  }
  return here == opened_ ? State::well : State::replaced;
}

}  // namespace tallygate::store
