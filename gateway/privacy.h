#pragma once
// What keeps the process's secrets in the process.

#include <string>
#include <vector>

#include "config/settings.h"

namespace tallygate {

/// No core dump, no debugger and no look into /proc/PID/mem or environ by other processes of the
/// same user. Does nothing in a build with sanitizers, which look into themselves that way.
void keep_memory_private();

/// What an operator should know about who may get in, one line each. Pure.
std::vector<std::string> warnings_about_access(const config::Listeners& listeners);

}  // namespace tallygate
