#pragma once
// What no single value can tell: references between values, and values that contradict each other.

#include "config/settings.h"
#include "config/yaml/decoder.h"

namespace tallygate::config {

/// Reports everything that is wrong to `decoder`, which has decoded `settings` in place. What
/// could not be decoded has been reported already and is left out of account.
void check_settings(const Settings& settings, yaml::Decoder& decoder);

/// The part of the above that concerns routes, versions, experiments and auto pools.
void check_routes(const Settings& settings, yaml::Decoder& decoder);

}  // namespace tallygate::config
