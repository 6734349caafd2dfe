#pragma once
// /api/admin/llm-models/versions: api.md section 2. Documents of the catalog, and beside them,
// read-only, what the configuration file declares.

#include <span>

#include "gateway/api/admin.h"
#include "gateway/api/shapes/fields.h"
#include "gateway/registry/model_version.h"

namespace tallygate::api {

/// The answer's table and text.
extern const Fields kModelVersionFields;
std::string render_version(const registry::ModelVersion& version);

std::span<const AdminRoute> version_routes();

}  // namespace tallygate::api
