#pragma once
// Client keys: /api/keys. A key is shown once, in the answer that made it; the catalog and the
// audit trail know its keyed hash, and nobody is shown that.

#include "gateway/api/admin.h"

namespace tallygate::api {

std::span<const AdminRoute> key_routes();

}  // namespace tallygate::api
