#pragma once
// The file described once: every key with its type, range, default and purpose. The loader, the
// JSON Schema and print-config all come from this table, so they cannot disagree.

#include "config/settings.h"
#include "config/yaml/codec.h"

namespace tallygate::config {

/// The whole file.
const yaml::Codec<Settings>& settings_codec();

// The families of keys that settings_codec() is made of.
yaml::Codec<Listeners> listeners_codec();
yaml::Codec<Secrets> secrets_codec();
yaml::Codec<Target> target_codec();
yaml::Codec<Route> route_codec();
yaml::Codec<AutoPool> auto_pool_codec();
yaml::Codec<Timeouts> timeouts_codec();
/// JSON text of the given criteria, durations as the file writes them; "" = none.
yaml::Codec<std::string> criteria_codec();
yaml::Codec<Retry> retry_codec();
yaml::Codec<Blacklist> blacklist_codec();
yaml::Codec<Store> store_codec();
yaml::Codec<Capture> capture_codec();
yaml::Codec<Limits> limits_codec();
yaml::Codec<Telemetry> telemetry_codec();
yaml::Codec<Improve> improve_codec();
yaml::Codec<Log> log_codec();

/// Rules for the keys of `targets`, `routes` and `versions`.
yaml::TextRule name_rule();
yaml::TextRule route_name_rule();
yaml::TextRule semver_rule();

}  // namespace tallygate::config
