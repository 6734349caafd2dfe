#include "gateway/api/operation/requests.h"

#include "gateway/api/operation/record_fields.h"
#include "gateway/api/operation/record_search.h"
#include "gateway/api/operation/record_view.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/writes.h"

namespace tallygate::api {
namespace {

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

AdminResponse answer_requests(const AdminRequest& request, std::string_view,
                              const AdminContext& context) {
  const auto query = Query::parse(request.head.query, kRecordSearchParameters);
  if (!query) return error_answer(request, query.error());
  const auto search = parse_record_search(*query, context.names, context.now);
  if (!search) return error_answer(request, search.error());
  if (!*search) return json_answer(render_page({}, false, ""));
  const Result<store::RecordPage> page = context.find_records(**search);
  if (!page) return error_answer(request, page.error());
  std::vector<std::string> items;
  for (const router::Record& record : page->records) {
    items.push_back(render_record_json(record, context.names));
  }
  const std::string next = page->next ? key_of(*page->next) : std::string();
  return json_answer(render_page(items, page->next.has_value(), next));
}

constexpr AdminRoute kRoutes[] = {
    {.path = "/api/requests",
     .answer = answer_requests,
     .summary = "Records of the journal, newest first by when the requests ended. A page that "
                "is not full and says has_more came to the limits of one search.",
     .role = Role::viewer,
     .query = kRecordSearchParameters,
     .result = &kRecordPageFields},
    {.path = "/api/requests/{id}",
     .answer = answer_request,
     .summary = "One record of the journal.",
     .role = Role::viewer,
     .result = &kRecordFields},
};

}  // namespace

std::span<const AdminRoute> request_routes() { return kRoutes; }

}  // namespace tallygate::api
