#include "gateway/api/admin.h"

#include <array>

#include "gateway/api/admission.h"
#include "gateway/api/answers.h"
#include "gateway/api/health.h"
#include "gateway/api/operation.h"
#include "gateway/api/performance.h"
#include "gateway/api/requests.h"

namespace tallygate::api {
namespace {

using http::Method;

constexpr std::array kRoutes{
    AdminRoute{Method::get, "/livez", true, answer_livez},
    AdminRoute{Method::get, "/readyz", true, answer_readyz},
    AdminRoute{Method::get, "/metrics", false, answer_metrics},
    AdminRoute{Method::get, "/-/config", false, answer_config},
    AdminRoute{Method::get, "/-/version", false, answer_version},
    AdminRoute{Method::post, "/-/reload", false, answer_reload},
    AdminRoute{Method::get, "/performance", false, answer_performance},
    AdminRoute{Method::get, "/api/requests/{id}", false, answer_request},
};

/// The part of `path` that stands for "{name}" (empty where there is none); nullopt = no match.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
  const std::size_t brace = pattern.find('{');
  if (brace == std::string_view::npos) {
    return path == pattern ? std::optional(std::string_view()) : std::nullopt;
  }
  if (!path.starts_with(pattern.substr(0, brace))) return std::nullopt;
  const std::string_view tail = path.substr(brace);
  if (tail.empty() || tail.find('/') != std::string_view::npos) return std::nullopt;
  return tail;
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
  std::string_view tail;
  std::string allow;  ///< methods of this path when none fits
};

Found find_route(const http::RequestHead& head) {
  const Method method = head.method == Method::head ? Method::get : head.method;
  Found found;
  for (const AdminRoute& route : kRoutes) {
    const auto tail = match(route.path, head.path);
    if (!tail) continue;
    if (route.method == method) return {&route, *tail, {}};
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
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  return http::equals_ignoring_case(content_type, "application/json");
}

}  // namespace

std::span<const AdminRoute> admin_routes() { return kRoutes; }

AdminResponse answer_admin(const AdminRequest& request, const AdminContext& context) {
  const Found found = find_route(request.head);
  if (found.route == nullptr || !found.route->is_public) {
    if (auto refusal = refuse_admission(request, context.settings.listeners.admin)) {
      return std::move(*refusal);
    }
  }
  if (found.route == nullptr) return refuse_path(request, found.allow);
  if (!request.body.empty() && !is_json(request.head.content_type)) {
    return error_answer(
        request, make_error(Errc::unsupported_media_type,
                            "The body of this request must be application/json.", "content-type"));
  }
  return found.route->answer(request, found.tail, context);
}

}  // namespace tallygate::api
