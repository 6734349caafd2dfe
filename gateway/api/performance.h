#pragma once
// GET /performance: how every target and version did, by conversation type, from the tallies; and
// beside them the variants of the experiments on the routes of the page, as assigned.

#include "gateway/api/admin.h"

namespace tallygate::api {

AdminResponse answer_performance(const AdminRequest& request, std::string_view,
                                 const AdminContext& context);

}  // namespace tallygate::api
