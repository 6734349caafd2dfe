#pragma once
// /api/v1/ab-tests: A/B tests, form two (api.md section 4).

#include <span>

#include "gateway/api/admin.h"

namespace tallygate::api {

std::span<const AdminRoute> ab_test_v1_routes();

}  // namespace tallygate::api
