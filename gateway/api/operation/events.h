#pragma once
// GET /-/events: blacklistings, moves of experiments, reloads, alerts, as they happen.

#include <span>

#include "gateway/api/admin.h"

namespace tallygate::api {

/// An answer of type text/event-stream; the admin server sends the feed in its place. Errors: a
/// Last-Event-ID that is no number is invalid_parameter.
AdminResponse answer_events(const AdminRequest& request, std::string_view segment,
                            const AdminContext& context);

std::span<const AdminRoute> event_routes();

}  // namespace tallygate::api
