#pragma once
// GET /v1/models and /v1/models/{id}: the routes as OpenAI model objects. Pure.

#include <string>

#include "base/result.h"
#include "router/snapshot.h"
#include "store/journal/names.h"

namespace tallygate {

/// {"object":"list","data":[...]}, by name.
std::string render_models(const router::Snapshot& snapshot, const store::Names& names);

/// One model; `id` is percent-decoded here and may be `route` or `route@version`.
Result<std::string> render_model(const router::Snapshot& snapshot, const store::Names& names,
                                 std::string_view id);

}  // namespace tallygate
