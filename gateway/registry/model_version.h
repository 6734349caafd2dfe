#pragma once
// A model version as the catalog keeps it (kind "model_version"): api.md section 2.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "store/catalog/catalog.h"

namespace tallygate::registry {

inline constexpr std::string_view kModelVersionKind = "model_version";

enum class Origin : std::uint8_t { api, config };

/// A target by name, or given inline. Secrets only by reference ("env:NAME", "file:PATH").
struct VersionTarget {
  std::string name;  ///< of a configured target; empty = inline
  std::string url;
  std::string model;
  config::Protocol protocol = config::Protocol::openai;
  std::string api_key_ref;
  bool allow_private = false;  ///< its address may be private or loopback
  config::Price price;
};

struct ModelVersion {
  std::string id;  ///< UUIDv7; of the file's: "config:ROUTE@VERSION"
  std::string name;
  std::string version;     ///< semver, unique within its model type
  std::string model_type;  ///< the route
  std::string description;
  std::string notes;
  std::string config_json = "{}";  ///< opaque to the gate
  bool active = true;
  bool is_default = false;
  std::vector<VersionTarget> targets;
  Origin origin = Origin::api;
  std::uint64_t revision = 0;
  WallTime created{};
  WallTime updated{};
};

/// The catalog's body. Not what the API shows: that has the document's own fields too.
std::string to_body(const ModelVersion& version);
/// Errors: storage_corrupt.
Result<ModelVersion> model_version_of(const store::Document& document);

}  // namespace tallygate::registry
