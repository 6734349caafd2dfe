#pragma once
// GET /v1/models and /v1/models/{id}: the routes as OpenAI model objects. Pure.

#include <string>

#include "base/result.h"
#include "gateway/access/key_table.h"
#include "router/snapshot.h"
#include "store/journal/names.h"

namespace tallygate {

/// {"object":"list","data":[...]}, by name: all routes, or those that `key` allows.
std::string render_models(const router::Snapshot& snapshot, const store::Names& names,
                          const access::Key* key = nullptr);

/// One model; `id` is percent-decoded here and may be `route` or `route@version`.
/// Errors: as resolve_model; forbidden, where `key` does not allow its route.
Result<std::string> render_model(const router::Snapshot& snapshot, const store::Names& names,
                                 std::string_view id, const access::Key* key = nullptr);

}  // namespace tallygate
