#include "gateway/registry/file_versions.h"

#include <algorithm>

namespace tallygate::registry {
namespace {

constexpr std::string_view kPrefix = "config:";

ModelVersion version_of(const std::string& route, const std::string& name,
                        const config::Version& from) {
  ModelVersion version;
  version.id = file_version_id(route, name);
  version.name = route + "@" + name;
  version.version = name;
  version.model_type = route;
  version.active = from.active;
  version.is_default = from.is_default;
  version.origin = Origin::config;
  for (const std::string& target : from.targets) version.targets.emplace_back().name = target;
  return version;
}

}  // namespace

std::string file_version_id(std::string_view route, std::string_view version) {
  return std::string(kPrefix).append(route).append("@").append(version);
}

bool is_file_version_id(std::string_view id) { return id.starts_with(kPrefix); }

std::vector<ModelVersion> file_versions(const config::Settings& file) {
  std::vector<ModelVersion> versions;
  for (const auto& [route_name, route] : file.routes) {
    for (const auto& [name, version] : route.versions) {
      versions.push_back(version_of(route_name, name, version));
    }
  }
  std::sort(versions.begin(), versions.end(),
            [](const ModelVersion& a, const ModelVersion& b) { return a.id < b.id; });
  return versions;
}

std::optional<ModelVersion> find_file_version(const config::Settings& file, std::string_view id) {
  if (!is_file_version_id(id)) return std::nullopt;
  id.remove_prefix(kPrefix.size());
  const std::size_t at = id.rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  const auto route = file.routes.find(std::string(id.substr(0, at)));
  if (route == file.routes.end()) return std::nullopt;
  const auto version = route->second.versions.find(std::string(id.substr(at + 1)));
  if (version == route->second.versions.end()) return std::nullopt;
  return version_of(route->first, version->first, version->second);
}

const std::string* file_default(const config::Settings& file, const std::string& route) {
  const auto found = file.routes.find(route);
  if (found == file.routes.end()) return nullptr;
  for (const auto& [name, version] : found->second.versions) {
    if (version.is_default) return &name;
  }
  return nullptr;
}

}  // namespace tallygate::registry
