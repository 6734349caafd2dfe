#pragma once
// Model versions by what clients name them, those of the file and those of the catalog alike. Reads
// may block. Errors besides those said: storage_unavailable, storage_corrupt.

#include <optional>
#include <string>
#include <vector>

#include "gateway/registry/model_version.h"

namespace tallygate::registry {

/// nullopt = there is none.
Result<std::optional<ModelVersion>> version_by_id(const store::Catalog& catalog,
                                                  const config::Settings& settings,
                                                  const std::string& id);
Result<std::optional<ModelVersion>> version_by_name(const store::Catalog& catalog,
                                                    const config::Settings& settings,
                                                    const std::string& model_type,
                                                    const std::string& version);
/// The active ones.
Result<std::vector<ModelVersion>> versions_of(const store::Catalog& catalog,
                                              const config::Settings& settings,
                                              const std::string& model_type);
Result<bool> is_model_type(const store::Catalog& catalog, const config::Settings& settings,
                           const std::string& model_type);

}  // namespace tallygate::registry
