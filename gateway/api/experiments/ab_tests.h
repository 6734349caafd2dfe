#pragma once
// /api/admin/llm-models/ab-tests: A/B tests, form one (api.md section 3).

#include <span>

#include "gateway/api/admin.h"

namespace tallygate::api {

std::span<const AdminRoute> ab_test_routes();

}  // namespace tallygate::api
