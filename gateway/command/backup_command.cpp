#include "gateway/command/backup_command.h"

#include <CLI/CLI.hpp>

#include "gateway/api/shapes/timestamps.h"
#include "store/backup.h"

namespace tallygate {
namespace {

constexpr const char* kBackupHelp =
    "Examples:\n"
    "  tallygate backup --path ./data --to /backups/tallygate\n"
    "  tallygate restore --from /backups/tallygate --list\n"
    "\n"
    "For a store that no gate has open. A running one is asked itself, and goes on serving:\n"
    "  curl -X POST http://127.0.0.1:8081/api/backup -H 'content-type: application/json' \\\n"
    "       -d '{\"folder\": \"/backups/tallygate\"}'\n"
    "Both may share a folder: a backup adds only the files that the ones before it do not have.";

constexpr const char* kRestoreHelp =
    "Examples:\n"
    "  tallygate restore --from /backups/tallygate --list\n"
    "  tallygate restore --from /backups/tallygate --path ./restored\n"
    "  tallygate restore --from /backups/tallygate --path ./data --number 3 --force\n"
    "\n"
    "Stop the gate first. The backup is written beside the store, compared with its checksums and\n"
    "opened once before it takes the store's place. With --force the old store is kept, in\n"
    "PATH/replaced-1 or the next free number: remove it when you need it no longer.";

int fail(const Console& console, const std::string& command, const Error& error) {
  console.err("tallygate " + command + ": " + error.message + "\n");
  return kExitFailed;
}

std::string describe(const store::Backup& backup) {
  return "backup " + std::to_string(backup.number) + ", made " + api::render_rfc3339(backup.made) +
         ", " + std::to_string(backup.bytes) + " bytes\n";
}

int list(const RestoreCommand& command, const Console& console) {
  const auto backups = store::list_backups(command.from);
  if (!backups) return fail(console, "restore", backups.error());
  for (const store::Backup& backup : *backups) console.out(describe(backup));
  if (backups->empty()) console.err("there is no whole backup in '" + command.from + "'\n");
  return kExitOk;
}

}  // namespace

void add_backup_options(CLI::App& command, BackupCommand& options) {
  command.add_option("--path", options.path, "the gate's `store.path`")
      ->required()
      ->type_name("PATH");
  command.add_option("--to", options.to, "the folder of backups, made if missing")
      ->required()
      ->type_name("FOLDER");
  command.add_option("--keep", options.keep, "how many to leave there; 0: all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  command.footer(kBackupHelp);
}

void add_restore_options(CLI::App& command, RestoreCommand& options) {
  command.add_option("--from", options.from, "the folder of backups")
      ->required()
      ->type_name("FOLDER");
  auto* path = command.add_option("--path", options.path, "the `store.path` to restore to")
                   ->type_name("PATH");
  command.add_option("--number", options.number, "which backup; default: the newest")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command.add_flag("--force", options.force, "in place of the store at PATH, which is kept");
  command.add_flag("--list", options.list, "only tell which backups there are")->excludes(path);
  command.footer(kRestoreHelp);
}

int back_up(const BackupCommand& command, const Console& console) {
  const auto made = store::back_up_store(command.path, command.to, command.keep);
  if (!made) return fail(console, "backup", made.error());
  console.out(describe(*made));
  return kExitOk;
}

int restore(const RestoreCommand& command, const Console& console) {
  if (command.list) return list(command, console);
  if (command.path.empty()) {
    console.err("tallygate restore: --path is missing: where to restore to\n");
    return kExitUsage;
  }
  const auto restored =
      store::restore_backup(command.from, command.number, command.path, command.force);
  if (!restored) return fail(console, "restore", restored.error());
  console.out("restored " + describe(restored->backup));
  if (!restored->replaced.empty()) {
    console.out("the store before is kept in " + restored->replaced + "\n");
  }
  return kExitOk;
}

}  // namespace tallygate
