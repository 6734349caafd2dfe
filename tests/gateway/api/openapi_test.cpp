#include "gateway/api/openapi.h"

#include <map>
#include <set>

#include "gateway/api/operation/audit.h"
#include "tests/gateway/api/admin_kit.h"

namespace tallygate::api {
namespace {

TEST(OpenApi, HasEveryRouteAndResolvesEveryReference) {
  AdminKit kit;
  const AdminResponse answer = kit.get("/openapi.json");
  ASSERT_EQ(answer.status, 200u);
  const auto document = json_of(answer);
  EXPECT_EQ(document.at("openapi").get_string(), "3.1.0");
  EXPECT_EQ(document.at("info").at("version").get_string(), "1.2.3");
  const auto& paths = document.at("paths").get_object();
  std::size_t operations = 0;
  std::set<std::string> ids;
  for (const auto& path : paths) {
    for (const auto& operation : path.value().get_object()) {
      ++operations;
      ids.insert(operation.value().at("operationId").get_string().c_str());
      EXPECT_FALSE(operation.value().at("summary").get_string().empty()) << path.key();
    }
  }
  EXPECT_EQ(operations, admin_routes().size());
  EXPECT_EQ(ids.size(), operations);

  const auto& schemas = document.at("components").at("schemas").get_object();
  constexpr std::string_view kReference = "\"#/components/schemas/";
  std::string_view rest = answer.body;
  int references = 0;
  for (std::size_t at = rest.find(kReference); at != rest.npos; at = rest.find(kReference)) {
    rest.remove_prefix(at + kReference.size());
    const std::string_view name = rest.substr(0, rest.find('"'));
    EXPECT_TRUE(schemas.contains({name.data(), name.size()})) << name;
    ++references;
  }
  EXPECT_GT(references, 10);
}

TEST(OpenApi, NamesThePartsOfAPathAndItsQuery) {
  AdminKit kit;
  const auto document = json_of(kit.get("/openapi.json"));
  const auto& history = document.at("paths").at("/api/admin/llm-models/versions/{id}/history");
  const auto& parameters = history.at("get").at("parameters").get_array();
  ASSERT_EQ(parameters.size(), 3u);
  EXPECT_EQ(parameters[0].at("name").get_string(), "id");
  EXPECT_EQ(parameters[0].at("in").get_string(), "path");
  EXPECT_EQ(parameters[1].at("name").get_string(), "limit");
  EXPECT_EQ(parameters[1].at("in").get_string(), "query");
}

TEST(OpenApi, UsesOneTablePerName) {
  std::map<std::pair<std::string_view, bool>, const Fields*> tables;
  for (const AdminRoute& route : admin_routes()) {
    for (const Fields* fields : {route.request, route.result}) {
      if (fields == nullptr) continue;
      EXPECT_FALSE(fields->name.empty()) << route.path;
      const auto [known, fresh] = tables.try_emplace({fields->name, fields->is_page}, fields);
      EXPECT_EQ(known->second, fields) << fields->name << " of " << route.path;
    }
  }
}

TEST(AdminRoutes, HaveOneAnswerPerMethodAndPath) {
  std::set<std::pair<http::Method, std::string_view>> seen;
  for (const AdminRoute& route : admin_routes()) {
    EXPECT_TRUE(seen.emplace(route.method, route.path).second) << route.path;
    EXPECT_NE(route.answer, nullptr) << route.path;
    EXPECT_FALSE(route.summary.empty()) << route.path;
  }
}

TEST(AdminRoutes, LetAViewerReadAndNotWrite) {
  AdminKit kit;
  kit.context.role = Role::viewer;
  for (const AdminRoute& route : admin_routes()) {
    if (route.role == Role::viewer) {
      EXPECT_EQ(route.method, http::Method::get) << route.path;
    } else {
      expect_error(kit.ask(route.method, route.path), 403, "forbidden", "role admin");
    }
  }
}

TEST(AdminRoutes, MatchOneSegmentWhereverItStands) {
  AdminKit kit;
  const std::string base = "/api/admin/llm-models/versions";
  expect_error(kit.get(base + "/x/history/y"), 404, "not_found", "nothing at this path");
  expect_error(kit.get(base + "/"), 404, "not_found", "nothing at this path");
  expect_error(kit.get(base + "//history"), 404, "not_found", "nothing at this path");
  expect_error(kit.get(base + "/%zz"), 400, "bad_request", "escape");
  const AdminResponse wrong = kit.put(base + "/x/make-default", "{}");
  expect_error(wrong, 405, "method_not_allowed");
  EXPECT_EQ(header_of(wrong, "Allow"), "POST");
  EXPECT_EQ(header_of(kit.post(base + "/x"), "Allow"), "GET, HEAD, PUT, DELETE");
  expect_error(kit.get(base + "/rollback"), 404, "not_found", "no model version");
}

TEST(AdminRoutes, RefuseBodiesThatNoOneReads) {
  AdminKit kit;
  expect_error(kit.ask(http::Method::delete_, "/api/admin/llm-models/versions/x", R"({"a":1})"),
               400, "invalid_parameter", "`a`");
  kit.content_type = "text/plain";
  expect_error(kit.post("/api/admin/llm-models/versions", "{}"), 415, "unsupported_media_type");
}

TEST(Audit, ShowsWhoWroteWhatNewestFirst) {
  AdminKit kit;
  const std::string versions = "/api/admin/llm-models/versions";
  const AdminResponse made =
      kit.post(versions, R"({"name":"n","version":"1.0.0","modelType":"m","notes":")" +
                             std::string(2000, 'x') + "\"}");
  ASSERT_EQ(made.status, 201u) << made.body;
  const std::string id = member_of(made, "id");
  kit.post(versions + "/" + id + "/make-default");
  const AdminResponse all = kit.get("/api/audit");
  expect_answer(all, 200, *audit_routes().front().result);
  EXPECT_EQ(member_of(all, "data.0.kind"), "default_history");
  EXPECT_EQ(member_of(all, "data.0.number"), "3");
  EXPECT_EQ(member_of(all, "data.1.action"), "make-default");
  EXPECT_EQ(member_of(all, "data.2.before"), "null");
  EXPECT_EQ(member_of(all, "data.2.after.notes"), "(2000 bytes)");
  EXPECT_EQ(member_of(kit.get("/api/audit?kind=model_version&limit=1"), "has_more"), "true");
  const AdminResponse one = kit.get("/api/audit?limit=1");
  const AdminResponse next = kit.get("/api/audit?limit=1&cursor=" + member_of(one, "next_cursor"));
  EXPECT_EQ(member_of(next, "data.0.number"), "2");
  EXPECT_EQ(member_of(kit.get("/api/audit?kind=model_version&id=none"), "data"), "[]");
  expect_error(kit.get("/api/audit?id=x"), 400, "missing_parameter", "kind");
  expect_error(kit.get("/api/audit?cursor=zz"), 400, "invalid_parameter", "cursor");
  expect_error(kit.get("/api/audit?cursor=6162"), 400, "invalid_parameter", "cursor");
}

}  // namespace
}  // namespace tallygate::api
