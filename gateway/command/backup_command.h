#pragma once
// `tallygate backup` and `tallygate restore`: a store that no gate has open, to a folder of backups
// and back. A running gate is asked with POST /api/backup.

#include <cstdint>
#include <string>

#include "gateway/command/commands.h"

namespace CLI {
class App;
}

namespace tallygate {

struct BackupCommand {
  std::string path;  ///< store.path of the configuration
  std::string to;
  std::uint32_t keep = 7;  ///< newest ones left in the folder; 0 = all
};

struct RestoreCommand {
  std::string from;
  std::string path;          ///< store.path of the configuration; not with --list
  std::uint32_t number = 0;  ///< 0 = the newest
  bool force = false;
  bool list = false;
};

void add_backup_options(CLI::App& command, BackupCommand& options);
void add_restore_options(CLI::App& command, RestoreCommand& options);

/// Both return the exit code.
int back_up(const BackupCommand& command, const Console& console);
int restore(const RestoreCommand& command, const Console& console);

}  // namespace tallygate
