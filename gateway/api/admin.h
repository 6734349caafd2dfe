#pragma once
// The admin API as functions from a request to an answer. No socket, no clock, no database handle:
// what an endpoint needs is in the AdminContext, which the control thread fills. Some of its
// functions may block (look-ups in the journal), so answers are made on control's pool, never on a
// worker.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/load.h"
#include "config/settings.h"
#include "gateway/access/key_table.h"
#include "gateway/api/models/series.h"
#include "gateway/http/message/head.h"
#include "gateway/telemetry/negotiate.h"
#include "router/record.h"
#include "store/backup.h"
#include "store/catalog/catalog.h"
#include "store/journal/journal.h"
#include "store/journal/names.h"
#include "store/journal/reading/record_search.h"
#include "store/store_health.h"

namespace tallygate::api {

struct Fields;  // fields.h

/// A viewer may read what can be read.
enum class Role : std::uint8_t { viewer, admin };

/// Views into the connection's buffers, valid during the call.
struct AdminRequest {
  const http::RequestHead& head;
  std::string_view body = {};
  std::string_view request_id = {};
};

/// To HEAD the answer is that of GET; whoever writes it leaves the body out.
struct AdminResponse {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// What the HealthBoard knows of one target, in wall time.
struct TargetHealth {
  std::uint32_t failures_in_row = 0;
  std::optional<WallTime> blacklisted_until;  ///< only while it is benched
};

/// What a reload did. Problems: nothing changed, the old configuration still serves.
struct ReloadOutcome {
  std::uint64_t generation = 0;
  std::vector<std::string> changes;  ///< in words, one each
  std::vector<config::Problem> problems;
};

/// References and functions are those of the process and must outlive the call. All functions are
/// set.
struct AdminContext {
  const config::Settings& settings;  ///< of the file, without what the catalog adds
  const store::Names& names;
  std::string_view version;             ///< of the binary
  std::optional<Error> not_ready = {};  ///< why /readyz says no
  std::function<store::StoreHealth()> store_health = {};
  /// The sum of all performance tallies.
  std::function<router::Tally()> total = {};
  /// Those of the keys that are there.
  std::function<store::TallySet(std::span<const router::TallyKey>)> tallies_at = {};
  std::function<store::TallySet(const router::TallyFilter&)> tallies_of = {};
  /// Distinct units of an experiment, by epoch and arm.
  std::function<store::UnitCounts(router::NameId experiment)> units_of = {};
  std::function<Result<router::Record>(const Uuid&)> find_record = {};
  /// By the model's own id of its answer.
  std::function<Result<router::Record>(std::string_view)> find_by_response_id = {};
  std::function<Result<store::RecordPage>(const store::RecordSearch&)> find_records = {};
  std::function<TargetHealth(router::NameId target)> health_of = {};
  std::function<std::string(telemetry::Format)> render_metrics = {};
  std::function<ReloadOutcome()> reload = {};
  std::function<Result<store::Backup>(const std::string& folder)> backup = {};

  // Of performance. Targets are those that are routed to, of the file or not.
  std::function<store::TotalsSet(const router::TallyFilter&)> totals = {};
  std::function<Result<std::vector<SeriesPoint>>(const SeriesQuery&)> series = {};
  std::function<std::vector<BlacklistedTarget>()> blacklisted = {};
  /// Errors: not_found (nothing is routed to this target).
  std::function<Result<void>(router::NameId target, WallTime until)> bench = {};
  std::function<Result<void>(router::NameId target)> pardon = {};

  // Of the families that write documents.
  store::Catalog* catalog = nullptr;
  WallTime now{};
  std::string actor = "admin";  ///< for the audit trail
  Role role = Role::admin;      ///< of the actor
  std::function<Uuid()> make_id = {};
  config::Surroundings secrets = {};  ///< where env:NAME and file:/path are looked up
  /// Routes by what the catalog holds now; returns when every worker does. To be called after each
  /// write that changes routing.
  std::function<Result<void>()> publish = {};

  // Of client keys.
  const access::KeyTable* keys = nullptr;  ///< that open the admin listener; null = none
  const access::KeyHasher* key_hasher = nullptr;
  std::function<std::string()> make_token = {};
  /// Puts in force what keys the catalog holds now; returns when every worker has them.
  std::function<void()> publish_keys = {};
  /// Whether an application's key is for this route; null = for all.
  std::function<bool(std::string_view route)> allows_route = {};

  /// Shows an event to whoever listens at /-/events: its name and its data, a JSON object.
  std::function<void(std::string_view name, const std::string& data)> announce = {};
};

/// Admission (admission.h), then the route, then its answer. Never throws for what a client sent.
AdminResponse answer_admin(const AdminRequest& request, const AdminContext& context);
/// A request of the data listener that was admitted there: of the rows for applications.
AdminResponse answer_application(const AdminRequest& request, const AdminContext& context);

/// A row of the API. Requests are dispatched by it, and its part of /openapi.json is made of it.
struct AdminRoute {
  http::Method method = http::Method::get;
  std::string_view path = {};  ///< may have one "{name}" segment; a row without one goes before it
  /// `segment` is what stands for "{name}", with percent escapes decoded.
  AdminResponse (*answer)(const AdminRequest&, std::string_view segment,
                          const AdminContext&) = nullptr;
  std::string_view summary;                      ///< one line for people
  Role role = Role::admin;                       ///< who may
  std::span<const std::string_view> query = {};  ///< names of the query's parameters
  const Fields* request = nullptr;               ///< its body; null = takes none
  const Fields* result = nullptr;                ///< its answer's; null = is not a JSON object
  unsigned status = 200;                         ///< of success
  std::string_view content_type = "application/json";  ///< of the answer
  bool is_public = false;                              ///< answered to everyone: probes
  bool for_applications = false;  ///< on the data listener too; endpoints.cpp has a row for it
};
std::span<const AdminRoute> admin_routes();

}  // namespace tallygate::api
