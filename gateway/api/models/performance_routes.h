#pragma once
// The rows of the API's table that are about performance: api.md section 6.

#include <span>

#include "gateway/api/admin.h"

namespace tallygate::api {

std::span<const AdminRoute> performance_routes();

}  // namespace tallygate::api
