#include "gateway/api/operation/audit.h"

#include <boost/json/parse.hpp>

#include "config/yaml/scalars.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/json_body.h"
#include "gateway/api/shapes/json_text.h"
#include "gateway/api/shapes/query.h"
#include "gateway/api/shapes/timestamps.h"
#include "gateway/api/writes.h"
#include "gateway/registry/client_key.h"

namespace tallygate::api {
namespace {

constexpr Field kEntryFields[] = {
    {.name = "number", .type = FieldType::integer, .required = true},
    {.name = "at", .type = FieldType::timestamp, .required = true},
    {.name = "actor", .required = true},
    {.name = "action", .required = true},
    {.name = "kind", .required = true},
    {.name = "id", .required = true},
    {.name = "before", .type = FieldType::any, .required = true, .note = "null: did not exist."},
    {.name = "after", .type = FieldType::any, .required = true, .note = "null: was deleted."},
};
constexpr Fields kAuditFields{.name = "AuditEntry", .fields = kEntryFields, .is_page = true};

constexpr std::string_view kQuery[] = {"kind", "id", "limit", "cursor"};

using RenderBody = std::function<std::string(const std::string& body)>;

std::string render_entry(const store::AuditEntry& entry, bool with_document,
                         const RenderBody& render) {
  JsonText json;
  json.open('{');
  json.add("number", entry.number);
  json.add("at", render_rfc3339(entry.at));
  json.add("actor", entry.actor);
  json.add("action", entry.action);
  if (with_document) {
    json.add("kind", entry.kind);
    json.add("id", entry.id);
  }
  json.add_raw("before", entry.before.empty() ? "null" : render(entry.before));
  json.add_raw("after", entry.after.empty() ? "null" : render(entry.after));
  json.close('}');
  return json.take();
}

/// Reads one more than the page holds, to know whether there is more.
Result<store::AuditQuery> audit_query(const Query& query) {
  const Result<Paging> paging = parse_paging(query);
  if (!paging) return paging.error();
  store::AuditQuery asked;
  asked.limit = paging->limit + 1;
  if (paging->after.empty()) return asked;
  const auto before = config::yaml::parse_whole(paging->after);
  if (!before) {
    return make_error(Errc::invalid_parameter,
                      "cursor is not one that this endpoint gave: start again.", "cursor");
  }
  asked.before_number = *before;
  return asked;
}

AdminResponse answer_entries(std::vector<store::AuditEntry> entries, std::uint32_t asked,
                             bool with_document, const RenderBody& render) {
  const bool has_more = entries.size() >= asked;
  if (has_more) entries.pop_back();
  std::vector<std::string> items;
  items.reserve(entries.size());
  for (const auto& entry : entries) items.push_back(render_entry(entry, with_document, render));
  const std::string last = entries.empty() ? "" : std::to_string(entries.back().number);
  return json_answer(render_page(items, has_more, last));
}

/// Long texts (slot tables, prompts) are left out, so that a page stays readable.
std::string shortened(const std::string& body) {
  constexpr std::size_t kMostBytes = 1024;
  boost::system::error_code failed;
  boost::json::value value = boost::json::parse(body, failed);
  if (failed || !value.is_object()) return body;
  for (auto& member : value.get_object()) {
    if (!member.value().is_string() || member.value().get_string().size() <= kMostBytes) continue;
    const std::string size = std::to_string(member.value().get_string().size());
    member.value() = "(" + size + " bytes)";
  }
  return render_json(value);
}

AdminResponse answer_audit(const AdminRequest& request, std::string_view,
                           const AdminContext& context) {
  const auto query = Query::parse(request.head.query, kQuery);
  if (!query) return error_answer(request, query.error());
  auto asked = audit_query(*query);
  if (!asked) return error_answer(request, asked.error());
  asked->kind = query->value_of("kind");
  asked->id = query->value_of("id");
  if (!asked->id.empty() && asked->kind.empty()) {
    return error_answer(request,
                        make_error(Errc::missing_parameter,
                                   "An id is unique within its kind only: send kind too.", "kind"));
  }
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  auto entries = (*catalog)->audit(*asked);
  if (!entries) return error_answer(request, entries.error());
  for (store::AuditEntry& entry : *entries) {
    if (entry.kind != registry::kClientKeyKind) continue;
    for (std::string* body : {&entry.before, &entry.after}) {
      if (!body->empty()) *body = registry::body_without_secrets(*body);
    }
  }
  return answer_entries(std::move(*entries), asked->limit, true, shortened);
}

constexpr AdminRoute kRoutes[] = {
    {.path = "/api/audit",
     .answer = answer_audit,
     .summary = "Who wrote what, newest first.",
     .query = kQuery,
     .result = &kAuditFields},
};

}  // namespace

std::span<const AdminRoute> audit_routes() { return kRoutes; }

AdminResponse answer_history(const AdminRequest& request, const AdminContext& context,
                             std::string_view kind, std::string_view id,
                             const std::function<std::string(const store::Document&)>& render) {
  const auto query = Query::parse(request.head.query, {"limit", "cursor"});
  if (!query) return error_answer(request, query.error());
  auto asked = audit_query(*query);
  if (!asked) return error_answer(request, asked.error());
  asked->kind = kind;
  asked->id = id;
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  auto entries = (*catalog)->audit(*asked);
  if (!entries) return error_answer(request, entries.error());
  if (entries->empty() && asked->before_number == UINT64_MAX) {
    return error_answer(
        request, make_error(Errc::not_found, "Nothing was ever written under this id.", "id"));
  }
  return answer_entries(std::move(*entries), asked->limit, false, [&](const std::string& body) {
    store::Document document;
    document.kind = kind;
    document.id = id;
    document.body = body;
    return render(document);
  });
}

}  // namespace tallygate::api
