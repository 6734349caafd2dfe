#pragma once
// /api/admin/llm-models/predictions: what versions predicted and what came true. The metrics that
// follow are written with it.

#include <span>

#include "gateway/api/admin.h"

namespace tallygate::api {

AdminResponse create_prediction(const AdminRequest& request, std::string_view segment,
                                const AdminContext& context);
AdminResponse answer_subject(const AdminRequest& request, std::string_view subject_id,
                             const AdminContext& context);
AdminResponse record_outcome(const AdminRequest& request, std::string_view subject_id,
                             const AdminContext& context);

std::span<const AdminRoute> prediction_routes();

}  // namespace tallygate::api
