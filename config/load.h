#pragma once
// From a YAML file to checked Settings. Everything that is wrong is reported at once, each with
// file, line and column (both from 1), so that one edit can mend it all. Runs off the hot path.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"

namespace tallygate::config {

struct Problem {
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;  ///< says what is wrong and what would be right
};

/// "file:line:col: message"
std::string to_string(const Problem& problem);

/// Where `${env:NAME}` and `${file:PATH}` look. An absent value is nullopt. Tests pass their own.
struct Surroundings {
  std::function<std::optional<std::string>(const std::string& name)> env;
  std::function<std::optional<std::string>(const std::string& path)> file;
};

/// The process's environment and file system.
Surroundings real_surroundings();

struct Loaded {
  std::string text;               ///< of the file, if it could be read
  Settings settings;              ///< meaningful only if `problems` is empty
  std::vector<Problem> problems;  ///< in file order
  bool ok() const { return problems.empty(); }
};

/// Parses `text`; `file` is only used in messages. Syntax, unknown and duplicate keys, types,
/// units, ranges and references (a route's targets exist, one default per route, splits sum to
/// 100, listeners do not collide, ...) are all checked here.
Loaded parse(std::string_view text, const std::string& file, const Surroundings& surroundings);

/// The text of `path`, at most one byte more than load_file takes; nullopt if it cannot be read.
std::optional<std::string> read_text(const std::string& path);

/// Reads and parses `path`. A file that cannot be read is one problem at line 0.
Loaded load_file(const std::string& path);

/// The effective configuration as YAML that `parse` accepts again, secrets as "***".
std::string print_redacted(const Settings& settings);

/// JSON Schema (2020-12) of the file, generated from the same table as the loader.
std::string print_schema();

}  // namespace tallygate::config
