#pragma once
// The gate as a whole: from a configuration file to a process that serves until it is told to stop.

#include <optional>
#include <string>

namespace tallygate {

struct ServeOptions {
  std::string config_file;
  std::optional<unsigned> workers;  ///< instead of the file's `workers`
  bool take_over = false;           ///< from the gate that runs on the same store, if one does
  bool quarantine_corrupt = false;  ///< begin a new database where one is damaged
  bool core_dumps = false;          ///< for debugging: they hold every secret
};

/// Serves until SIGTERM or SIGINT; returns the process's exit code. What keeps it from starting is
/// told on stderr, one line each, and is 1.
int run_gate(const ServeOptions& options);

}  // namespace tallygate
