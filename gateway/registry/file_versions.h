#pragma once
// The versions that the configuration file declares, as documents: read-only here. Pure.

#include <optional>
#include <string_view>
#include <vector>

#include "gateway/registry/model_version.h"

namespace tallygate::registry {

/// "config:ROUTE@VERSION"
std::string file_version_id(std::string_view route, std::string_view version);
bool is_file_version_id(std::string_view id);

/// In the order of their ids.
std::vector<ModelVersion> file_versions(const config::Settings& file);
std::optional<ModelVersion> find_file_version(const config::Settings& file, std::string_view id);

/// The version that the file makes the route's default; null = it sets none.
const std::string* file_default(const config::Settings& file, const std::string& route);

}  // namespace tallygate::registry
