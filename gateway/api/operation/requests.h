#pragma once
// GET /api/requests/{id}: one record of the journal by its x-request-id.

#include "gateway/api/admin.h"

namespace tallygate::api {

AdminResponse answer_request(const AdminRequest& request, std::string_view id,
                             const AdminContext& context);

}  // namespace tallygate::api
