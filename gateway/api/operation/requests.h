#pragma once
// GET /api/requests and /api/requests/{id}: records of the journal, newest first, and one by its
// x-request-id.

#include <span>

#include "gateway/api/admin.h"

namespace tallygate::api {

std::span<const AdminRoute> request_routes();

}  // namespace tallygate::api
