#pragma once
// Which request a client speaks of, by the id of the gate or of the model.

#include <string>

#include "gateway/api/admin.h"
#include "improve/feedback/feedback.h"

namespace tallygate::api {

/// At least one is to be there, and both are of one request. `response_id` is the model's own id or
/// the answer's x-request-id. Blocking. Errors: missing_parameter, invalid_parameter, not_found
/// (also for a route that the caller's key is not for), gone (older than store.retention),
/// storage_unavailable.
Result<improve::RatedRequest> find_rated_request(const std::string& request_id,
                                                 const std::string& response_id,
                                                 const AdminContext& context);

}  // namespace tallygate::api
