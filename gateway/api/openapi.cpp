#include "gateway/api/openapi.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/fields.h"

namespace tallygate::api {
namespace {

namespace json = boost::json;
using http::Method;

constexpr Field kErrorMembers[] = {
    {.name = "message", .required = true},
    {.name = "type", .required = true},
    {.name = "param", .required = true, .nullable = true},
    {.name = "code", .required = true, .nullable = true},
};
// What some errors carry beside the error.
constexpr Field kErrorFields[] = {
    {.name = "error", .type = FieldType::object, .required = true, .members = kErrorMembers},
    {.name = "problems", .type = FieldType::array},
};
constexpr Fields kError{.name = "Error", .fields = kErrorFields};

json::string_view text(std::string_view view) { return {view.data(), view.size()}; }

const char* method_key(Method method) {
  switch (method) {
    case Method::get: return "get";
    case Method::head: return "head";
    case Method::post: return "post";
    case Method::put: return "put";
    case Method::patch: return "patch";
    case Method::delete_: return "delete";
    case Method::options: return "options";
    case Method::other: return "trace";
  }
  return "trace";
}

std::string schema_name(const Fields& fields) {
  return std::string(fields.name) + (fields.is_page ? "Page" : "");
}

json::object reference(const Fields& fields) {
  return {{"$ref", "#/components/schemas/" + schema_name(fields)}};
}

json::object content(std::string_view type, json::object schema) {
  return {{text(type), json::object{{"schema", std::move(schema)}}}};
}

json::object parameter(std::string_view name, const char* in, bool required) {
  return {{"name", text(name)},
          {"in", in},
          {"required", required},
          {"schema", json::object{{"type", "string"}}}};
}

json::array parameters_of(const AdminRoute& route) {
  json::array parameters;
  if (const std::size_t brace = route.path.find('{'); brace != std::string_view::npos) {
    const std::string_view rest = route.path.substr(brace + 1);
    parameters.emplace_back(parameter(rest.substr(0, rest.find('}')), "path", true));
  }
  for (const std::string_view name : route.query) {
    parameters.emplace_back(parameter(name, "query", false));
  }
  return parameters;
}

/// "get /x/{id}/y" is "get_x_id_y".
std::string operation_id(const AdminRoute& route) {
  std::string id = method_key(route.method);
  for (const char c : route.path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain) {
      id += c;
    } else if (id.back() != '_') {
      id += '_';
    }
  }
  while (id.back() == '_') id.pop_back();
  return id;
}

json::object result_of(const AdminRoute& route) {
  json::object result{{"description", "Success."}};
  if (route.result != nullptr) {
    result["content"] = content(route.content_type, reference(*route.result));
  } else {
    result["content"] = content(route.content_type, {});
  }
  return result;
}

json::object operation_of(const AdminRoute& route) {
  json::object operation{{"operationId", operation_id(route)},
                         {"summary", text(route.summary)},
                         {"x-role", route.role == Role::admin ? "admin" : "viewer"},
                         {"parameters", parameters_of(route)}};
  if (route.is_public) operation["security"] = json::array{};
  if (route.request != nullptr) {
    bool required = false;
    for (const Field& field : route.request->fields) required = required || field.required;
    operation["requestBody"] =
        json::object{{"required", required},
                     {"content", content("application/json", reference(*route.request))}};
  }
  operation["responses"] = json::object{
      {std::to_string(route.status), result_of(route)},
      {"default", json::object{{"description", "What was wrong, and what would be right."},
                               {"content", content("application/json", reference(kError))}}}};
  return operation;
}

void add_schema(json::object& schemas, const Fields* fields) {
  if (fields != nullptr) schemas[schema_name(*fields)] = json_schema(*fields);
}

}  // namespace

std::string render_openapi(std::span<const AdminRoute> routes, std::string_view version) {
  json::object schemas;
  json::object paths;
  add_schema(schemas, &kError);
  for (const AdminRoute& route : routes) {
    add_schema(schemas, route.request);
    add_schema(schemas, route.result);
    json::value& path = paths[text(route.path)];
    if (!path.is_object()) path.emplace_object();
    path.get_object()[method_key(route.method)] = operation_of(route);
  }
  const json::object bearer{{"type", "http"}, {"scheme", "bearer"}};
  json::object document{
      {"openapi", "3.1.0"},
      {"info", json::object{{"title", "Tallygate admin API"}, {"version", text(version)}}},
      {"security", json::array{json::object{{"token", json::array{}}}}},
      {"paths", std::move(paths)},
      {"components", json::object{{"schemas", std::move(schemas)},
                                  {"securitySchemes", json::object{{"token", bearer}}}}}};
  return json::serialize(document);
}

AdminResponse answer_openapi(const AdminRequest&, std::string_view, const AdminContext& context) {
  return json_answer(render_openapi(admin_routes(), context.version));
}

}  // namespace tallygate::api
