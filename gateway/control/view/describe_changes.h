#pragma once
// What a reload changed, in words for the person who asked for it. Pure.

#include <string>
#include <vector>

#include "config/settings.h"

namespace tallygate {

/// One line per added, removed or changed target and route, and per changed section.
std::vector<std::string> describe_changes(const config::Settings& before,
                                          const config::Settings& after);

}  // namespace tallygate
