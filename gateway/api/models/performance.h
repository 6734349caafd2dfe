#pragma once
// How targets and versions do, by the tallies: api.md section 6. The lists are paged; amounts of
// money are decimal USD, durations milliseconds, what is not known is null.

#include "gateway/api/admin.h"

namespace tallygate::api {

/// GET /performance: every target and version by conversation type; and beside them the variants of
/// the experiments on the routes of the page, as assigned.
AdminResponse answer_performance(const AdminRequest& request, std::string_view,
                                 const AdminContext& context);

/// GET /performance/rankings: versions, best first, with the figures that led there
/// (router/selection/rank.h). Of several conversation types together unless one is asked for.
AdminResponse answer_rankings(const AdminRequest& request, std::string_view,
                              const AdminContext& context);

/// GET /performance/metrics/{modelName}: a route or route@version over time.
AdminResponse answer_series(const AdminRequest& request, std::string_view model,
                            const AdminContext& context);

/// GET /performance/summary: everything in one object; GET /performance/usage: who took what share.
AdminResponse answer_summary(const AdminRequest& request, std::string_view,
                             const AdminContext& context);
AdminResponse answer_usage(const AdminRequest& request, std::string_view,
                           const AdminContext& context);

/// GET, POST and DELETE /performance/blacklisted. Benches by hand are documents (kind
/// "blacklisting", id = the target's name), so they have an audit trail.
AdminResponse answer_blacklisted(const AdminRequest& request, std::string_view,
                                 const AdminContext& context);
AdminResponse answer_bench(const AdminRequest& request, std::string_view,
                           const AdminContext& context);
AdminResponse answer_pardon(const AdminRequest& request, std::string_view target,
                            const AdminContext& context);

/// The query parameter conversationType: nullopt = absent. Errors: invalid_parameter.
Result<std::optional<router::Conversation>> parse_conversation(std::string_view text);

}  // namespace tallygate::api
