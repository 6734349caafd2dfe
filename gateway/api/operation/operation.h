#pragma once
// GET /metrics, /-/config, /-/version; POST /-/reload.

#include "gateway/api/admin.h"

namespace tallygate::api {

/// Format by the Accept header; 404 while telemetry.prometheus is off.
AdminResponse answer_metrics(const AdminRequest& request, std::string_view,
                             const AdminContext& context);
/// The effective configuration as YAML, secrets as "***".
AdminResponse answer_config(const AdminRequest& request, std::string_view,
                            const AdminContext& context);
AdminResponse answer_version(const AdminRequest& request, std::string_view,
                             const AdminContext& context);
/// 200 {"generation","changes"}, or 400 with `problems` beside the error.
AdminResponse answer_reload(const AdminRequest& request, std::string_view,
                            const AdminContext& context);

}  // namespace tallygate::api
