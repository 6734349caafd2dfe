#include "store/journal/store_switch.h"

#include <filesystem>
#include <system_error>

#include "store/files.h"

namespace tallygate::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDatabases[] = {"catalog", "journal"};
constexpr const char* kMark = "RESTORE-UNFINISHED";

bool has_files(const fs::path& path) {
  std::error_code ec;
  const fs::directory_iterator first(path, ec);
  return !ec && first != fs::directory_iterator();
}

Result<std::string> make_folder_for_old(const fs::path& store) {
  for (int n = 1;; ++n) {
    const fs::path folder = store / ("replaced-" + std::to_string(n));
    std::error_code ec;
    if (fs::create_directory(folder, ec)) return folder.string();
    if (ec) {
      return make_error(Errc::storage_unavailable,
                        "cannot make '" + folder.string() + "': " + ec.message());
    }
  }
}

Result<void> move_databases(const fs::path& from, const fs::path& to) {
  for (const char* name : kDatabases) {
    std::error_code ec;
    if (!fs::exists(from / name, ec)) continue;
    if (auto moved = move_path((from / name).string(), (to / name).string()); !moved) return moved;
  }
  if (auto synced = sync_directory(from.string()); !synced) return synced;
  return sync_directory(to.string());
}

}  // namespace

bool has_store(const std::string& store_path) {
  for (const char* name : kDatabases) {
    if (has_files(fs::path(store_path) / name)) return true;
  }
  return false;
}

Result<std::string> switch_store(const std::string& store_path) {
  const fs::path store(store_path);
  const std::string mark = (store / kMark).string();
  std::string old;
  if (auto marked = write_whole_file(mark, "a restore was interrupted\n"); !marked) {
    return marked.error();
  }
  if (has_store(store_path)) {
    auto folder = make_folder_for_old(store);
    if (!folder) return folder;
    old = std::move(*folder);
    if (auto moved = move_databases(store, old); !moved) return moved.error();
  }
  if (auto moved = move_databases(store / kRestoring, store); !moved) return moved.error();
  std::error_code ec;
  fs::remove(mark, ec);
  if (ec) {
    return make_error(Errc::storage_unavailable, "cannot remove '" + mark + "': " + ec.message());
  }
  fs::remove(store / kRestoring, ec);
  if (auto synced = sync_directory(store_path); !synced) return synced.error();
  return old;
}

Result<void> check_no_unfinished_restore(const std::string& database_path) {
  const fs::path store = fs::path(database_path).parent_path();
  std::error_code ec;
  if (!fs::exists(store / kMark, ec)) return {};
  return make_error(Errc::storage_corrupt,
                    "a restore into '" + store.string() +
                        "' was interrupted; run the same `tallygate restore` again with --force. "
                        "Nothing was removed: what was there before is in its folders replaced-*");
}

}  // namespace tallygate::store
