#include "gateway/api/operation/health.h"

#include "gateway/api/operation/store_readiness.h"
#include "gateway/api/shapes/answers.h"

namespace tallygate::api {

AdminResponse answer_livez(const AdminRequest&, std::string_view, const AdminContext&) {
  return json_answer(R"({"status":"ok"})");
}

AdminResponse answer_readyz(const AdminRequest& request, std::string_view,
                            const AdminContext& context) {
  if (!context.not_ready) {
    return json_answer(render_readiness("ok", context.store_health(), Messages::included));
  }
  AdminResponse response = error_answer(request, *context.not_ready);
  response.status = 503;
  return response;
}

}  // namespace tallygate::api
