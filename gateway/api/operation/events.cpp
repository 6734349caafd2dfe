#include "gateway/api/operation/events.h"

#include "config/yaml/scalars.h"
#include "gateway/api/shapes/answers.h"

namespace tallygate::api {
namespace {

constexpr AdminRoute kRoutes[] = {
    {.path = "/-/events",
     .answer = answer_events,
     .summary = "What happens in the gate, as server-sent events.",
     .role = Role::viewer,
     .content_type = "text/event-stream"},
};

}  // namespace

AdminResponse answer_events(const AdminRequest& request, std::string_view, const AdminContext&) {
  const std::string_view last = request.head.value_of("last-event-id");
  if (!last.empty() && !config::yaml::parse_whole(last)) {
    return error_answer(request, make_error(Errc::invalid_parameter,
                                            "Last-Event-ID is the id of an event of this feed, a "
                                            "whole number; leave it out to hear only what comes.",
                                            "last-event-id"));
  }
  AdminResponse response;
  response.content_type = "text/event-stream";
  return response;
}

std::span<const AdminRoute> event_routes() { return kRoutes; }

}  // namespace tallygate::api
