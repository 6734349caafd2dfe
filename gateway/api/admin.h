#pragma once
// The admin API as functions from a request to an answer. No socket, no clock, no database handle:
// what an endpoint needs is in the AdminContext, which the control thread fills. Some of its
// functions may block (look-ups in the journal), so answers are made on control's pool, never on a
// worker.

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
#include "gateway/http/head.h"
#include "gateway/telemetry/negotiate.h"
#include "router/record.h"
#include "store/catalog.h"
#include "store/journal.h"
#include "store/names.h"

namespace tallygate::api {

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
  const config::Settings& settings;
  const store::Names& names;
  std::string_view version;             ///< of the binary
  std::optional<Error> not_ready = {};  ///< why /readyz says no
  std::function<store::TallySet()> tallies = {};
  std::function<Result<router::Record>(const Uuid&)> find_record = {};
  std::function<TargetHealth(router::NameId target)> health_of = {};
  std::function<std::string(telemetry::Format)> render_metrics = {};
  std::function<ReloadOutcome()> reload = {};

  // Of the families that write documents.
  store::Catalog* catalog = nullptr;
  WallTime now{};
  std::string actor = "admin";  ///< for the audit trail
  std::function<Uuid()> make_id = {};
  /// Routes by what the catalog holds now; returns when every worker does. To be called after each
  /// write that changes routing.
  std::function<Result<void>()> publish = {};
  /// Shows an event to whoever listens at /-/events: its name and its data, a JSON object.
  std::function<void(std::string_view name, const std::string& data)> announce = {};
};

/// Admission (admission.h), then the route, then its answer. Never throws for what a client sent.
AdminResponse answer_admin(const AdminRequest& request, const AdminContext& context);

struct AdminRoute {
  http::Method method;
  std::string_view path;  ///< may end in one "{name}" segment
  bool is_public;         ///< answered to everyone: probes
  AdminResponse (*answer)(const AdminRequest&, std::string_view tail, const AdminContext&);
};
std::span<const AdminRoute> admin_routes();

}  // namespace tallygate::api
