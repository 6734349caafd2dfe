#pragma once
// /api/admin/llm-models/metrics/alerts: standing rules with the state they are in, and how a change
// of state is told.

#include <span>

#include "gateway/api/admin.h"
#include "gateway/registry/metrics/alert_step.h"

namespace tallygate::api {

AdminResponse create_alert(const AdminRequest& request, std::string_view segment,
                           const AdminContext& context);
AdminResponse list_alerts(const AdminRequest& request, std::string_view segment,
                          const AdminContext& context);
AdminResponse answer_alert(const AdminRequest& request, std::string_view id,
                           const AdminContext& context);
AdminResponse delete_alert(const AdminRequest& request, std::string_view id,
                           const AdminContext& context);

std::span<const AdminRoute> alert_routes();

/// The data of the event "alert.fired" or "alert.cleared", at /-/events and in webhooks.
std::string render_alert_event(const registry::AlertStep& step);

}  // namespace tallygate::api
