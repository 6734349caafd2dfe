#include "store/journal/sync_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include "store/bytes.h"

namespace tallygate::store {
namespace {

constexpr std::size_t kHalf = sizeof(std::uint64_t);

std::string file_of(const std::string& path) { return path + "/SYNCED"; }

}  // namespace

bool write_sync_mark(const std::string& path, std::uint64_t batch) {
  const int file = ::open(file_of(path).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const std::string bytes = big_endian(batch) + big_endian(~batch);
  const bool written =
      ::pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
  ::close(file);
  return written;
}

std::uint64_t read_sync_mark(const std::string& path) {
  const int file = ::open(file_of(path).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  std::string bytes(2 * kHalf, '\0');
  const ssize_t read = ::pread(file, bytes.data(), bytes.size(), 0);
  ::close(file);
  if (read != static_cast<ssize_t>(bytes.size())) return 0;
  const std::string_view halves = bytes;
  const auto batch = from_big_endian<std::uint64_t>(halves.substr(0, kHalf));
  return from_big_endian<std::uint64_t>(halves.substr(kHalf)) == ~batch ? batch : 0;
}

void remove_sync_mark(const std::string& path) { ::unlink(file_of(path).c_str()); }

}  // namespace tallygate::store
