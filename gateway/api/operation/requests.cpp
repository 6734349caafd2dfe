#include "gateway/api/operation/requests.h"

#include "gateway/api/operation/record_view.h"
#include "gateway/api/shapes/answers.h"

namespace tallygate::api {

AdminResponse answer_request(const AdminRequest& request, std::string_view id,
                             const AdminContext& context) {
  const Result<Uuid> uuid = parse_uuid(id);
  if (!uuid) {
    return error_answer(request,
                        make_error(Errc::invalid_parameter,
                                   "A request id is the UUID of an x-request-id header.", "id"));
  }
  const Result<router::Record> record = context.find_record(*uuid);
  if (!record) return error_answer(request, record.error());
  return json_answer(render_record_json(*record, context.names));
}

}  // namespace tallygate::api
