#pragma once
// GET /livez and /readyz.

#include "gateway/api/admin.h"

namespace tallygate::api {

AdminResponse answer_livez(const AdminRequest& request, std::string_view, const AdminContext&);
/// 503 with the reason while starting, draining or degraded.
AdminResponse answer_readyz(const AdminRequest& request, std::string_view,
                            const AdminContext& context);

}  // namespace tallygate::api
