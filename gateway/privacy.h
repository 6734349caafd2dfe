#pragma once
// What keeps the process's secrets in the process.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"

namespace tallygate {

/// No core dump, no debugger and no look into /proc/PID/mem or environ by other processes of the
/// same user. Does nothing in a build with sanitizers, which look into themselves that way.
void keep_memory_private();

/// The permission bits of a file; nullopt when it cannot be looked at.
using FileMode = std::function<std::optional<unsigned>(const std::string& path)>;
std::optional<unsigned> real_file_mode(const std::string& path);

/// The files that secrets are read from (keys of TLS too) and others than their owner may read, one
/// line each.
std::vector<std::string> warnings_about_files(const config::Settings& settings,
                                              const FileMode& mode_of);

/// What an operator should know about who may get in, one line each. Pure.
std::vector<std::string> warnings_about_access(const config::Listeners& listeners);

}  // namespace tallygate
