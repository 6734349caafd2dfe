#pragma once
// Backups of a whole store, its catalog and its journal, and the way back. A folder of backups has
// `catalog/` and `journal/` (RocksDB BackupEngine: files that did not change are kept once) and one
// small file per backup, `backup-N`, which names the two halves and is written last: a backup that
// was interrupted is none. The catalog's half is the older one, so that every count is of something
// the catalog knows, or newer. Blocking; any thread.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/catalog/catalog.h"
#include "store/journal/journal.h"

namespace tallygate::store {

struct Backup {
  std::uint32_t number = 0;
  WallTime made = {};
  std::uint64_t bytes = 0;  ///< of its files, shared ones included
};

/// Beside a running gate; leaves the newest `keep` in `folder`, this one included (0 = all).
/// Errors: storage_unavailable (also: another backup into `folder` is under way).
Result<Backup> make_backup(const std::string& folder, Catalog& catalog, const Journal& journal,
                           std::uint32_t keep = 0);

/// Of a store that no gate has open. Errors: not_found (there is none), storage_unavailable (a gate
/// has it open: it says how to ask that one), storage_corrupt.
Result<Backup> back_up_store(const std::string& store_path, const std::string& folder,
                             std::uint32_t keep = 0);

/// invalid_parameter when `folder` is the store or within it.
Result<void> check_backup_folder(const std::string& folder, const std::string& store_path);

/// Ascending by number; without those that are damaged. Errors: storage_unavailable.
Result<std::vector<Backup>> list_backups(const std::string& folder);

struct Restored {
  Backup backup;
  std::string replaced;  ///< the folder with what was there before; empty = nothing was
};

/// Makes the store at `store_path` what it was at backup `number` (0 = the newest). It is written
/// beside the old one, compared with its checksums and opened once before it takes its place; the
/// old one is kept. Errors: conflict (there is a store and `force` is not set), not_found (no such
/// backup), storage_corrupt (the backup is damaged), storage_unavailable (the store is open).
Result<Restored> restore_backup(const std::string& folder, std::uint32_t number,
                                const std::string& store_path, bool force);

}  // namespace tallygate::store
