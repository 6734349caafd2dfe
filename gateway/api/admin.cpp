#include "gateway/api/admin.h"

#include <initializer_list>

#include "gateway/api/admission.h"
#include "gateway/api/experiments/ab_tests.h"
#include "gateway/api/experiments/ab_tests_v1.h"
#include "gateway/api/feedback/feedback_api.h"
#include "gateway/api/key_caller.h"
#include "gateway/api/metrics/metrics_api.h"
#include "gateway/api/models/performance_routes.h"
#include "gateway/api/models/versions.h"
#include "gateway/api/openapi.h"
#include "gateway/api/operation/audit.h"
#include "gateway/api/operation/backup.h"
#include "gateway/api/operation/events.h"
#include "gateway/api/operation/health.h"
#include "gateway/api/operation/keys.h"
#include "gateway/api/operation/operation.h"
#include "gateway/api/operation/requests.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/fields.h"
#include "gateway/api/shapes/query.h"

namespace tallygate::api {
namespace {

using http::Method;

constexpr Field kLiveFields[] = {{.name = "status", .required = true}};
constexpr Fields kLive{.name = "Liveness", .fields = kLiveFields};
constexpr Field kBinaryFields[] = {{.name = "name", .required = true},
                                   {.name = "version", .required = true}};
constexpr Fields kBinary{.name = "Binary", .fields = kBinaryFields};
constexpr Field kReloadedFields[] = {
    {.name = "generation", .type = FieldType::integer, .required = true, .note = "Of the routing."},
    {.name = "changes",
     .type = FieldType::array,
     .required = true,
     .note = "In words, one each.",
     .items = FieldType::string}};
constexpr Fields kReloaded{.name = "Reloaded", .fields = kReloadedFields};

const AdminRoute kOwnRoutes[] = {
    {.path = "/livez",
     .answer = answer_livez,
     .summary = "Whether the process runs.",
     .role = Role::viewer,
     .result = &kLive,
     .is_public = true},
    {.path = "/readyz",
     .answer = answer_readyz,
     .summary = "Whether it takes requests.",
     .role = Role::viewer,
     .is_public = true},
    {.path = "/metrics",
     .answer = answer_metrics,
     .summary = "Telemetry for Prometheus.",
     .role = Role::viewer,
     .content_type = "text/plain"},
    {.path = "/-/config",
     .answer = answer_config,
     .summary = "The configuration in force, without its secrets.",
     .content_type = "application/yaml"},
    {.path = "/-/version",
     .answer = answer_version,
     .summary = "Name and version of the binary.",
     .role = Role::viewer,
     .result = &kBinary},
    {.method = Method::post,
     .path = "/-/reload",
     .answer = answer_reload,
     .summary = "Reads the configuration file again.",
     .result = &kReloaded},
    {.method = Method::post,
     .path = "/api/backup",
     .answer = answer_backup,
     .summary = "Saves catalog and journal to a folder, beside the running gate.",
     .request = &kNewBackup,
     .result = &kBackup,
     .status = 201},
    {.path = "/openapi.json",
     .answer = answer_openapi,
     .summary = "This document.",
     .role = Role::viewer},
};

std::vector<AdminRoute> concatenated(std::initializer_list<std::span<const AdminRoute>> families) {
  std::vector<AdminRoute> all;
  for (const auto family : families) all.insert(all.end(), family.begin(), family.end());
  return all;
}

struct Match {
  bool fits = false;
  std::string_view segment;  ///< what stands for "{name}"
};

Match match(std::string_view pattern, std::string_view path) {
  const std::size_t brace = pattern.find('{');
  if (brace == std::string_view::npos) return {path == pattern, {}};
  const std::string_view behind = pattern.substr(pattern.find('}') + 1);
  if (!path.starts_with(pattern.substr(0, brace))) return {};
  path.remove_prefix(brace);
  const std::string_view segment = path.substr(0, path.find('/'));
  if (segment.empty() || path.substr(segment.size()) != behind) return {};
  return {true, segment};
}

std::string_view method_name(Method method) {
  switch (method) {
    case Method::get: return "GET, HEAD";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::delete_: return "DELETE";
    case Method::options: return "OPTIONS";
    case Method::other: return "";
  }
  return "";
}

struct Found {
  const AdminRoute* route = nullptr;
  std::string_view segment;
  std::string allow;  ///< methods of this path when none fits
};

Found find_route(const http::RequestHead& head) {
  const Method method = head.method == Method::head ? Method::get : head.method;
  Found found;
  for (const AdminRoute& route : admin_routes()) {
    const Match match = api::match(route.path, head.path);
    if (!match.fits) continue;
    // A path without "{name}" wins wherever it stands.
    if (route.method == method && (found.route == nullptr || match.segment.empty())) {
      found.route = &route;
      found.segment = match.segment;
    }
    found.allow.append(found.allow.empty() ? "" : ", ").append(method_name(route.method));
  }
  return found;
}

AdminResponse refuse_path(const AdminRequest& request, const std::string& allow) {
  if (allow.empty()) {
    return error_answer(request, make_error(Errc::not_found, "There is nothing at this path."));
  }
  AdminResponse response = error_answer(
      request, make_error(Errc::method_not_allowed, "This path is for " + allow + "."));
  response.headers.emplace_back("Allow", allow);
  return response;
}

bool is_json(std::string_view content_type) {
  return http::is_media_type(content_type, "application/json");
}

/// What is wrong with the request before its endpoint looks at it.
std::optional<Error> problem_of(const AdminRequest& request, const AdminRoute& route, Role role) {
  if (role == Role::viewer && route.role == Role::admin) {
    return make_error(Errc::forbidden, "This needs the role admin; a viewer may only read.");
  }
  if (request.body.empty()) return std::nullopt;
  if (!is_json(request.head.content_type)) {
    return make_error(Errc::unsupported_media_type,
                      "The body of this request must be application/json.", "content-type");
  }
  if (route.request != nullptr) return std::nullopt;
  const auto nothing = read_body(request, Fields{});
  return nothing ? std::nullopt : std::optional(nothing.error());
}

AdminResponse answer_found(const AdminRequest& request, const Found& found,
                           const AdminContext& context) {
  if (const auto problem = problem_of(request, *found.route, context.role)) {
    return error_answer(request, *problem);
  }
  const auto segment = decode_percent(found.segment);
  if (!segment) {
    return error_answer(request,
                        make_error(Errc::bad_request, "The path has an escape that is not %XX."));
  }
  return found.route->answer(request, *segment, context);
}

}  // namespace

std::span<const AdminRoute> admin_routes() {
  static const std::vector<AdminRoute> all =
      concatenated({kOwnRoutes, ab_test_routes(), ab_test_v1_routes(), version_routes(),
                    audit_routes(), metric_routes(), event_routes(), performance_routes(),
                    key_routes(), request_routes(), feedback_routes()});
  return all;
}

AdminResponse answer_admin(const AdminRequest& request, const AdminContext& context) {
  const Found found = find_route(request.head);
  if (found.route != nullptr && found.route->is_public) {
    return answer_found(request, found, context);
  }
  const access::Key* key = key_of(request, context);
  config::AdminListener listener = context.settings.listeners.admin;
  if (key != nullptr) listener.token = {};  // the key stands for it
  if (auto refusal = refuse_admission(request, listener)) return std::move(*refusal);
  if (key == nullptr) {
    return found.route == nullptr ? refuse_path(request, found.allow)
                                  : answer_found(request, found, context);
  }
  const auto role = admin_role_of(*key);
  if (!role) return error_answer(request, role.error());
  if (found.route == nullptr) return refuse_path(request, found.allow);
  AdminContext theirs = context;
  theirs.role = *role;
  theirs.actor = key->actor;
  return answer_found(request, found, theirs);
}

AdminResponse answer_application(const AdminRequest& request, const AdminContext& context) {
  const Found found = find_route(request.head);
  if (found.route == nullptr || !found.route->for_applications) return refuse_path(request, {});
  AdminContext theirs = context;
  theirs.role = found.route->role;  // its flag says that they may
  return answer_found(request, found, theirs);
}

}  // namespace tallygate::api
