#pragma once
// What a configuration may say and this version does not do yet: told at start and at reload, so
// that nobody relies on it. Shrinks to nothing as the product grows. Pure.

#include <string>
#include <vector>

#include "config/settings.h"

namespace tallygate {

/// One line per key that is set and has no effect.
std::vector<std::string> settings_without_effect(const config::Settings& settings);

}  // namespace tallygate
