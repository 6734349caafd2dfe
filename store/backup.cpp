#include "store/backup.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include "store/files.h"
#include "store/journal/store_switch.h"
#include "store/rocksdb/backup_engine.h"

namespace tallygate::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFilePrefix = "backup-";
constexpr std::size_t kMaxFileBytes = 128;

/// What a file `backup-N` says.
struct Halves {
  std::uint32_t number = 0;
  std::uint32_t catalog = 0;
  std::uint32_t journal = 0;
};

std::string render(const Halves& halves) {
  return "catalog " + std::to_string(halves.catalog) + "\njournal " +
         std::to_string(halves.journal) + "\n";
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

std::optional<Halves> read_halves(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!name.starts_with(kFilePrefix)) return std::nullopt;
  const auto number = parse_number(std::string_view(name).substr(kFilePrefix.size()));
  std::string text(kMaxFileBytes, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!number || !file) return std::nullopt;
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  Halves halves{.number = *number};
  for (auto [word, half] :
       {std::pair{"catalog ", &halves.catalog}, {"journal ", &halves.journal}}) {
    const std::size_t at = text.find(word);
    const std::size_t end = text.find('\n', at);
    if (at == std::string::npos || end == std::string::npos) return std::nullopt;
    const std::size_t begin = at + std::string_view(word).size();
    const auto value = parse_number(std::string_view(text).substr(begin, end - begin));
    if (!value) return std::nullopt;
    *half = *value;
  }
  return halves;
}

std::vector<Halves> all_halves(const std::string& folder) {
  std::vector<Halves> all;
  std::error_code ec;
  for (fs::directory_iterator entry(folder, ec), end; !ec && entry != end; entry.increment(ec)) {
    if (const auto halves = read_halves(entry->path())) all.push_back(*halves);
  }
  std::sort(all.begin(), all.end(),
            [](const Halves& a, const Halves& b) { return a.number < b.number; });
  return all;
}

const DatabaseBackup* find_number(const std::vector<DatabaseBackup>& backups,
                                  std::uint32_t number) {
  const auto at = std::find_if(backups.begin(), backups.end(),
                               [&](const auto& backup) { return backup.number == number; });
  return at == backups.end() ? nullptr : &*at;
}

struct Listed {
  Halves halves;
  Backup backup;
};

Result<std::vector<Listed>> list_whole(const std::string& folder) {
  std::vector<Listed> listed;
  const auto all = all_halves(folder);
  if (all.empty()) return listed;
  const auto catalogs = list_database_backups(folder + "/catalog");
  if (!catalogs) return catalogs.error();
  const auto journals = list_database_backups(folder + "/journal");
  if (!journals) return journals.error();
  for (const Halves& halves : all) {
    const auto* catalog = find_number(*catalogs, halves.catalog);
    const auto* journal = find_number(*journals, halves.journal);
    if (catalog == nullptr || journal == nullptr) continue;
    listed.push_back({halves,
                      {.number = halves.number,
                       .made = WallTime{std::chrono::seconds{journal->made_seconds}},
                       .bytes = catalog->bytes + journal->bytes}});
  }
  return listed;
}

Result<Listed> choose(const std::string& folder, std::uint32_t number) {
  const auto listed = list_whole(folder);
  if (!listed) return listed.error();
  if (listed->empty()) {
    return make_error(Errc::not_found, "there is no whole backup in '" + folder + "'");
  }
  if (number == 0) return listed->back();
  std::string numbers;
  for (const Listed& each : *listed) {
    if (each.backup.number == number) return each;
    numbers += (numbers.empty() ? "" : ", ") + std::to_string(each.backup.number);
  }
  return make_error(Errc::not_found, "there is no whole backup " + std::to_string(number) +
                                         " in '" + folder + "'; there are " + numbers);
}

/// The whole ones count; what names an old one goes first, so that none is listed in part.
Result<void> remove_all_but(const std::string& folder, std::uint32_t newest) {
  const auto listed = list_whole(folder);
  if (!listed) return listed.error();
  if (listed->size() <= newest) return {};
  const Halves& first = (*listed)[listed->size() - newest].halves;
  for (const Halves& halves : all_halves(folder)) {
    if (halves.number >= first.number) break;
    std::error_code ec;
    fs::remove(folder + "/" + std::string(kFilePrefix) + std::to_string(halves.number), ec);
    if (ec) {
      return make_error(Errc::storage_unavailable,
                        "an old backup in '" + folder + "' cannot be removed: " + ec.message());
    }
  }
  if (auto removed = remove_backups_before(folder + "/catalog", first.catalog); !removed) {
    return removed;
  }
  return remove_backups_before(folder + "/journal", first.journal);
}

/// Both databases of the backup in the store's folder for restored ones, proved to open.
Result<void> restore_beside(const std::string& folder, const Halves& halves,
                            const std::string& store_path) {
  const std::string beside = (fs::path(store_path) / kRestoring).string();
  std::error_code ec;
  fs::remove_all(beside, ec);
  if (!ec) fs::create_directories(beside, ec);
  if (ec) {
    return make_error(Errc::storage_unavailable,
                      "cannot write to '" + beside + "': " + ec.message());
  }
  auto done = restore_database(folder + "/catalog", halves.catalog, beside + "/catalog", "catalog");
  if (done) {
    done = restore_database(folder + "/journal", halves.journal, beside + "/journal", "journal");
  }
  if (done) done = prove_catalog(beside + "/catalog");
  if (done) done = prove_journal(beside + "/journal");
  if (!done) fs::remove_all(beside, ec);
  return done;
}

}  // namespace

Result<Backup> make_backup(const std::string& folder, Catalog& catalog, const Journal& journal,
                           std::uint32_t keep) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) {
    return make_error(Errc::storage_unavailable,
                      "the backup folder '" + folder + "' cannot be made (" + ec.message() + ")");
  }
  const auto lock =
      FileLock::take(folder + "/LOCK", "another backup into '" + folder + "' is under way");
  if (!lock) return lock.error();
  const auto catalog_number = catalog.backup(folder + "/catalog");
  if (!catalog_number) return catalog_number.error();
  const auto journal_number = journal.backup(folder + "/journal");
  if (!journal_number) return journal_number.error();
  const auto before = all_halves(folder);
  const Halves halves{.number = before.empty() ? 1 : before.back().number + 1,
                      .catalog = *catalog_number,
                      .journal = *journal_number};
  const std::string file = folder + "/" + std::string(kFilePrefix) + std::to_string(halves.number);
  if (auto written = write_whole_file(file, render(halves)); !written) return written.error();
  auto made = choose(folder, halves.number);
  if (!made) return made.error();
  if (keep != 0) {
    if (auto removed = remove_all_but(folder, keep); !removed) return removed.error();
  }
  return made->backup;
}

Result<Backup> back_up_store(const std::string& store_path, const std::string& folder,
                             std::uint32_t keep) {
  if (!has_store(store_path)) {
    return make_error(Errc::not_found, "there is no store at '" + store_path +
                                           "'; --path is the gate's `store.path`");
  }
  if (auto fits = check_backup_folder(folder, store_path); !fits) return fits.error();
  for (const char* name : {"/catalog", "/journal"}) {
    if (const auto lock = DatabaseLock::take(store_path + name); !lock) {
      return make_error(Errc::storage_unavailable,
                        lock.error().message +
                            ". Ask a running gate itself: POST /api/backup with {\"folder\": \"" +
                            folder + "\"} on its admin listener");
    }
  }
  auto catalog = open_catalog(store_path + "/catalog");
  if (!catalog) return catalog.error();
  Names names;
  JournalOptions options;
  options.path = store_path + "/journal";
  const auto journal = Journal::open(options, names);
  if (!journal) return journal.error();
  return make_backup(folder, **catalog, **journal, keep);
}

Result<std::vector<Backup>> list_backups(const std::string& folder) {
  std::error_code ec;
  if (!fs::is_directory(folder, ec)) {
    return make_error(Errc::storage_unavailable, "there is no folder '" + folder + "'");
  }
  const auto listed = list_whole(folder);
  if (!listed) return listed.error();
  std::vector<Backup> backups;
  for (const Listed& each : *listed) backups.push_back(each.backup);
  return backups;
}

Result<Restored> restore_backup(const std::string& folder, std::uint32_t number,
                                const std::string& store_path, bool force) {
  if (has_store(store_path) && !force) {
    return make_error(Errc::conflict, "there is a store at '" + store_path +
                                          "' already; restore to another path, or say --force to "
                                          "put the backup in its place (the old one is kept)");
  }
  const auto chosen = choose(folder, number);
  if (!chosen) return chosen.error();
  const auto catalog_lock = DatabaseLock::take(store_path + "/catalog");
  if (!catalog_lock) return catalog_lock.error();
  const auto journal_lock = DatabaseLock::take(store_path + "/journal");
  if (!journal_lock) return journal_lock.error();
  if (auto restored = restore_beside(folder, chosen->halves, store_path); !restored) {
    return restored.error();
  }
  auto replaced = switch_store(store_path);
  if (!replaced) return replaced.error();
  return Restored{.backup = chosen->backup, .replaced = std::move(*replaced)};
}

}  // namespace tallygate::store
