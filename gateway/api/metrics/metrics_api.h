#pragma once
// /api/admin/llm-models/metrics: figures of model versions, entered or computed.

#include <span>

#include "gateway/api/admin.h"

namespace tallygate::api {

AdminResponse create_metric(const AdminRequest& request, std::string_view segment,
                            const AdminContext& context);
AdminResponse list_metrics(const AdminRequest& request, std::string_view segment,
                           const AdminContext& context);
AdminResponse compare_metrics(const AdminRequest& request, std::string_view segment,
                              const AdminContext& context);

/// Those above with those of predictions.h and alerts.h.
std::span<const AdminRoute> metric_routes();

}  // namespace tallygate::api
