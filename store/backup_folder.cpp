#include "store/backup.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace tallygate::store {

namespace fs = std::filesystem;

Result<void> check_backup_folder(const std::string& folder, const std::string& store_path) {
  std::error_code ec;
  const fs::path inner = fs::weakly_canonical(folder, ec);
  const fs::path outer = fs::weakly_canonical(store_path, ec);
  const auto [rest, unused] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  if (rest != outer.end()) return {};
  return make_error(Errc::invalid_parameter,
                    "'" + folder +
                        "' is in the store it is to save; choose a folder elsewhere, "
                        "best on another disk",
                    "folder");
}

}  // namespace tallygate::store
