#include "gateway/command/commands.h"

#include <CLI/CLI.hpp>
#include <optional>

#include "config/load.h"
#include "config/yaml/near_miss.h"
#include "gateway/command/backup_command.h"
#include "gateway/command/journal_command.h"
#include "gateway/privacy.h"

namespace tallygate {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  tallygate serve --config tallygate.yaml          run the gate\n"
    "  tallygate check --config tallygate.yaml          is this file right?\n"
    "  tallygate print-config --config tallygate.yaml   what it means, with defaults, no secrets\n"
    "  tallygate print-schema > tallygate.schema.json   for editors that complete YAML\n"
    "  tallygate journal --path ./data --since 1h       what was answered in the last hour\n"
    "  tallygate backup --path ./data --to /backups     save the store of a gate that is stopped\n"
    "\n"
    "`tallygate COMMAND --help` tells more. Exit codes: 0 done, 1 failed, 2 not understood.";

constexpr const char* kJournalExamples =
    "Examples:\n"
    "  tallygate journal --path ./data --since 1h --route assistant\n"
    "  tallygate journal --path ./data --format csv > records.csv\n"
    "  tallygate journal --path ./data | head -1 | python3 -m json.tool\n"
    "\n"
    "Works beside a running gate. `variant` is the one assigned, `version` the one that served.";

struct Arguments {
  ServeOptions serve;
  std::string config;
  JournalCommand journal;
  BackupCommand backup;
  RestoreCommand restore;
};

struct Commands {
  CLI::App* serve;
  CLI::App* check;
  CLI::App* print_config;
  CLI::App* print_schema;
  CLI::App* journal;
  CLI::App* backup;
  CLI::App* restore;
  CLI::App* version;
};

void add_config_option(CLI::App& command, std::string& file) {
  command.add_option("-c,--config", file, "the configuration file")->required()->type_name("FILE");
}

void add_journal_options(CLI::App& command, JournalCommand& options) {
  command.add_option("--path", options.path, "the gate's `store.path`")
      ->required()
      ->type_name("PATH");
  command.add_option("--since", options.since, "from here: an age (90s, 1h, 7d) or RFC 3339")
      ->type_name("TIME");
  command.add_option("--until", options.until, "up to here")->type_name("TIME");
  command.add_option("--route", options.route, "only this route")->type_name("NAME");
  command.add_option("--limit", options.limit, "stop after so many records")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  command.add_option("--format", options.format, "jsonl (default) or csv")
      ->transform(CLI::CheckedTransformer(std::map<std::string, RecordFormat>{
          {"jsonl", RecordFormat::jsonl}, {"csv", RecordFormat::csv}}))
      ->type_name("FORMAT");
  command.footer(kJournalExamples);
}

Commands declare(CLI::App& app, Arguments& arguments) {
  app.footer(kExamples);
  app.set_version_flag("--version", "tallygate " TALLYGATE_VERSION);
  app.require_subcommand(1);
  Commands commands{};
  commands.serve = app.add_subcommand("serve", "run the gate until it is told to stop");
  add_config_option(*commands.serve, arguments.serve.config_file);
  commands.serve
      ->add_option("--workers", arguments.serve.workers, "threads that serve; default: as the file")
      ->check(CLI::Range(1u, 1024u))
      ->type_name("N");
  commands.serve->add_flag("--core-dumps", arguments.serve.core_dumps,
                           "for debugging: allow core dumps and debuggers, which see every secret");
  commands.serve->add_flag("--quarantine-corrupt", arguments.serve.quarantine_corrupt,
                           "move a damaged database aside and begin a new one");
  commands.serve->add_flag("--take-over", arguments.serve.take_over,
                           "replace the gate that runs on the same store, without a gap");
  commands.check = app.add_subcommand("check", "tell everything that is wrong with a file");
  add_config_option(*commands.check, arguments.config);
  commands.print_config = app.add_subcommand("print-config", "print the effective configuration");
  add_config_option(*commands.print_config, arguments.config);
  commands.print_schema = app.add_subcommand("print-schema", "print the file's JSON Schema");
  commands.journal = app.add_subcommand("journal", "print the records of finished requests");
  add_journal_options(*commands.journal, arguments.journal);
  commands.backup = app.add_subcommand("backup", "save a store to a folder of backups");
  add_backup_options(*commands.backup, arguments.backup);
  commands.restore = app.add_subcommand("restore", "bring back a store from a folder of backups");
  add_restore_options(*commands.restore, arguments.restore);
  commands.version = app.add_subcommand("version", "print the version");
  return commands;
}

/// Loads `file`; what is wrong with it goes to `err`, one line each.
std::optional<config::Settings> load(const std::string& file, const Console& console) {
  config::Loaded loaded = config::load_file(file);
  if (loaded.ok()) return std::move(loaded.settings);
  for (const config::Problem& problem : loaded.problems) {
    console.err(config::to_string(problem) + "\n");
  }
  return std::nullopt;
}

std::string counted(std::size_t n, const std::string& word) {
  return std::to_string(n) + " " + word + (n == 1 ? "" : "s");
}

int check_config(const std::string& file, const Console& console) {
  const auto settings = load(file, console);
  if (!settings) return kExitFailed;
  for (const std::string& warning : warnings_about_files(*settings, real_file_mode)) {
    console.err("warning: " + warning + "\n");
  }
  std::size_t versions = 0;
  for (const auto& [name, route] : settings->routes) versions += route.versions.size();
  console.out(file + ": ok (" + counted(settings->routes.size(), "route") + ", " +
              counted(versions, "version") + ", " + counted(settings->targets.size(), "target") +
              ")\n");
  return kExitOk;
}

int print_config(const std::string& file, const Console& console) {
  const auto settings = load(file, console);
  if (!settings) return kExitFailed;
  console.out(config::print_redacted(*settings));
  return kExitOk;
}

/// Help and version are "errors" to CLI11, and good ones.
int tell_parse_error(const CLI::App& app, const CLI::ParseError& error,
                     const std::string& first_word, const Console& console) {
  std::ostringstream out;
  std::ostringstream ignored;
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    app.exit(error, out, ignored);
    console.out(out.str());
    return kExitOk;
  }
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  const bool is_unknown = !first_word.empty() && first_word[0] != '-' &&
                          std::find(names.begin(), names.end(), first_word) == names.end();
  const std::string reason = is_unknown ? "there is no command `" + first_word + "`" +
                                              config::yaml::suggest(first_word, names)
                                        : std::string(error.what());
  console.err("tallygate: " + reason + "\nTry `tallygate --help`.\n");
  return kExitUsage;
}

}  // namespace

int run_command(int argc, const char* const* argv, const Console& console) {
  CLI::App app(
      "Tallygate: a gate that every model request crosses, and a tally that is never wrong.",
      "tallygate");
  Arguments arguments;
  const Commands commands = declare(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return tell_parse_error(app, error, argc > 1 ? argv[1] : "", console);
  }
  if (*commands.serve) return console.serve(arguments.serve);
  if (*commands.check) return check_config(arguments.config, console);
  if (*commands.print_config) return print_config(arguments.config, console);
  if (*commands.journal) return print_journal(arguments.journal, console);
  if (*commands.backup) return back_up(arguments.backup, console);
  if (*commands.restore) return restore(arguments.restore, console);
  console.out(*commands.print_schema ? config::print_schema()
                                     : std::string("tallygate " TALLYGATE_VERSION "\n"));
  return kExitOk;
}

}  // namespace tallygate
