#pragma once
// The OpenAPI 3.1 document of the admin API, made of the rows that requests are dispatched by.

#include <string>

#include "gateway/api/admin.h"

namespace tallygate::api {

/// Pure. Every body and answer that a row names is a schema under components.
std::string render_openapi(std::span<const AdminRoute> routes, std::string_view version);

/// GET /openapi.json.
AdminResponse answer_openapi(const AdminRequest& request, std::string_view,
                             const AdminContext& context);

}  // namespace tallygate::api
