#include "store/rocksdb/directory.h"

#include <filesystem>
#include <system_error>

#include "store/rocksdb/errors.h"

namespace tallygate::store {
namespace {

namespace fs = std::filesystem;

bool has_lost_its_current(const std::string& path) {
  std::error_code ec;
  if (fs::exists(fs::path(path) / "CURRENT", ec) || ec) return false;
  for (fs::directory_iterator entry(path, ec), end; !ec && entry != end; entry.increment(ec)) {
    const auto name = entry->path().filename().string();
    if (name.ends_with(".sst") || name.starts_with("MANIFEST-")) return true;
  }
  return false;
}

}  // namespace

Result<void> prepare_directory(const std::string& path, const std::string& database,
                               FolderMustBe folder) {
  std::error_code ec;
  if (folder == FolderMustBe::there) {
    if (fs::exists(fs::path(path) / "CURRENT", ec)) return {};
    return make_error(Errc::storage_unavailable,
                      database + " '" + path +
                          "': its folder is gone or empty; bring it back, or "
                          "restart the gate to begin a new one");
  }
  fs::create_directories(path, ec);
  if (ec) {
    return make_error(Errc::storage_unavailable,
                      database + " '" + path + "': the directory cannot be made (" + ec.message() +
                          "); store.path must name a place where tallygate may write");
  }
  if (has_lost_its_current(path)) {
    return error_of_open(::rocksdb::Status::Corruption("the file CURRENT is missing"), path,
                         database);
  }
  return {};
}

}  // namespace tallygate::store
