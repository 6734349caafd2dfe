#pragma once
// GET /api/audit: who wrote what, newest first; and the history of one document in the same shape.

#include <functional>
#include <span>

#include "gateway/api/admin.h"
#include "gateway/api/shapes/fields.h"

namespace tallygate::api {

std::span<const AdminRoute> audit_routes();

/// A page of the audit trail of one document; `render` makes the API's view of a stored body.
/// Reads limit and cursor. 404 when nothing was ever written.
AdminResponse answer_history(const AdminRequest& request, const AdminContext& context,
                             std::string_view kind, std::string_view id,
                             const std::function<std::string(const store::Document&)>& render);

}  // namespace tallygate::api
