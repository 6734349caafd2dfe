#pragma once
// GET /api/v1/ab-tests/user/variant for applications: answered from what the worker routes by, so
// it says what a request would get at this moment. Pure.

#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/access/caller.h"
#include "router/snapshot.h"
#include "store/journal/names.h"

namespace tallygate {

/// {"test_id","variant","version"}, or null where the unit is in no active test of the route.
/// `query` has model_type and user_id. Errors: invalid_parameter, missing_parameter, forbidden (a
/// route that the caller's key does not allow).
Result<std::string> render_user_variant(const router::Snapshot& snapshot, const store::Names& names,
                                        const access::Caller& caller, std::string_view query);

}  // namespace tallygate
