#include "store/quarantine.h"

#include <filesystem>
#include <system_error>

#include "store/files.h"
#include "store/rocksdb/backup_engine.h"

namespace tallygate::store {

namespace fs = std::filesystem;

Result<std::string> quarantine(const std::string& path, std::string_view stamp) {
  const auto lock = DatabaseLock::take(path);
  if (!lock) return lock.error();
  const std::string first = path + ".corrupt-" + std::string(stamp);
  std::string aside = first;
  std::error_code ec;
  for (int n = 2; fs::exists(aside, ec); ++n) aside = first + "-" + std::to_string(n);
  if (auto moved = move_path(path, aside); !moved) return moved.error();
  const std::string folder = fs::path(path).parent_path().string();
  if (auto synced = sync_directory(folder.empty() ? "." : folder); !synced) return synced.error();
  return aside;
}

}  // namespace tallygate::store
