#include "gateway/api/operation/keys.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "config/yaml/scalars.h"
#include "gateway/api/operation/key_fields.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/timestamps.h"
#include "gateway/api/writes.h"
#include "gateway/registry/model_version.h"

namespace tallygate::api {
namespace {

namespace json = boost::json;
using http::Method;
using registry::ClientKey;

constexpr std::string_view kPaging[] = {"limit", "cursor"};
constexpr std::string_view kAutoPools = "auto";
constexpr std::chrono::hours kLongestOverlap{24 * 90};

Result<ClientKey> find_key(const store::Catalog& catalog, std::string_view id) {
  const auto document = catalog.find(registry::kClientKeyKind, id);
  if (document) return registry::client_key_of(*document);
  if (document.error().code != Errc::not_found) return document.error();
  return make_error(Errc::not_found, "There is no client key with this id.", "id");
}

Result<ClientKey> find_for_write(const store::Catalog& catalog, const AdminRequest& request,
                                 std::string_view id) {
  auto key = find_key(catalog, id);
  if (!key) return key;
  if (auto fits = check_if_match(request, key->revision); !fits) return fits.error();
  return key;
}

Error broken(std::string rule, std::string param) {
  return make_error(Errc::rule_broken, std::move(rule), std::move(param));
}

Result<void> check_route(const std::string& route, const store::Catalog& catalog,
                         const config::Settings& file) {
  if (route == kAutoPools || file.routes.contains(route)) return {};
  store::DocumentQuery query;
  query.kind = registry::kModelVersionKind;
  query.index_keys = {"modelType=" + route};
  query.limit = 1;
  const auto page = catalog.list(query);
  if (!page) return page.error();
  if (!page->documents.empty()) return {};
  return broken("There is no route `" + route + "`; a key is for routes that there are.", "routes");
}

/// What a key must be by itself and beside the routes there are.
Result<void> check(const ClientKey& key, const store::Catalog& catalog,
                   const AdminContext& context) {
  const bool limited =
      key.requests_per_minute != 0 || key.tokens_per_minute != 0 || key.concurrency != 0;
  if (key.role != registry::KeyRole::application && (limited || !key.routes.empty())) {
    return broken("Routes and limits are for the role application: a key with the role " +
                      std::string(registry::to_text(key.role)) + " opens the admin listener.",
                  "role");
  }
  if (key.expires && *key.expires <= context.now) {
    return broken("`expiresAt` must be in the future; to end a key now, delete it.", "expiresAt");
  }
  for (const std::string& route : key.routes) {
    auto fits = check_route(route, catalog, context.settings);
    if (!fits) return fits;
  }
  return {};
}

std::string event_of(const ClientKey& key, const AdminContext& context) {
  JsonText json;
  json.open('{');
  json.add("id", key.id);
  json.add("name", key.name);
  json.add("role", registry::to_text(key.role));
  json.add("actor", context.actor);
  json.close('}');
  return json.take();
}

/// The change that leaves `after`, whose revision is still the one that was read. `token` is shown
/// in this answer and in no other, also not when the request is repeated.
Change change_of(ClientKey after, const char* action, const char* event, const std::string* token,
                 const AdminContext& context) {
  Change change;
  change.writes = {registry::write_of(after)};
  change.action = action;
  change.changes_keys = true;
  change.events.emplace_back(event, event_of(after, context));
  take_next_revision(after, change, context.now);
  const KeyShown shown{context.now, context.key_hasher->pepper_id()};
  if (token == nullptr) {
    change.body = render_key(after, shown);
  } else {
    change.body = render_key_with_token(after, shown, *token);
    change.body_to_remember = render_key_with_token(after, shown, {});
  }
  return change;
}

AdminResponse create_key(const AdminRequest& request, std::string_view,
                         const AdminContext& context) {
  return answer_write(
      request, context, kNewKeyFields,
      [&](const json::object& body, const store::Catalog& catalog) -> Result<Change> {
        ClientKey key;
        merge_key(body, key);
        key.id = to_string(context.make_id());
        if (auto fits = check(key, catalog, context); !fits) return fits.error();
        const std::string token = context.make_token();
        key.secret = context.key_hasher->secret_of(token);
        return change_of(std::move(key), "create", "key.created", &token, context);
      });
}

AdminResponse change_key(const AdminRequest& request, std::string_view id,
                         const AdminContext& context) {
  return answer_write(
      request, context, kKeyPatchFields,
      [&](const json::object& body, const store::Catalog& catalog) -> Result<Change> {
        auto key = find_for_write(catalog, request, id);
        if (!key) return key.error();
        merge_key(body, *key);
        if (auto fits = check(*key, catalog, context); !fits) return fits.error();
        return change_of(std::move(*key), "update", "key.changed", nullptr, context);
      });
}

AdminResponse rotate_key(const AdminRequest& request, std::string_view id,
                         const AdminContext& context) {
  return answer_write(
      request, context, kRotateFields,
      [&](const json::object& body, const store::Catalog& catalog) -> Result<Change> {
        auto key = find_for_write(catalog, request, id);
        if (!key) return key.error();
        const json::value* text = body.if_contains("overlap");
        const auto overlap =
            text == nullptr ? std::chrono::milliseconds{0}
                            : config::yaml::parse_duration(std::string(text->as_string())).value();
        if (overlap > kLongestOverlap) {
          return broken("An overlap lasts at most 90d.", "overlap");
        }
        key->previous.reset();
        if (overlap.count() > 0) {
          key->previous = key->secret;
          key->previous_until = context.now + overlap;
        }
        const std::string token = context.make_token();
        key->secret = context.key_hasher->secret_of(token);
        return change_of(std::move(*key), "rotate", "key.rotated", &token, context);
      });
}

AdminResponse delete_key(const AdminRequest& request, std::string_view id,
                         const AdminContext& context) {
  return answer_write(request, context, [&](const store::Catalog& catalog) -> Result<Change> {
    const auto key = find_for_write(catalog, request, id);
    if (!key) return key.error();
    Change change;
    store::DocumentWrite write = registry::write_of(*key);
    write.body.reset();
    write.unique_keys.clear();
    change.writes = {std::move(write)};
    change.action = "revoke";
    change.changes_keys = true;
    change.events.emplace_back("key.revoked", event_of(*key, context));
    change.body = render_key(*key, {context.now, context.key_hasher->pepper_id()});
    return change;
  });
}

AdminResponse answer_key(const AdminRequest& request, std::string_view id,
                         const AdminContext& context) {
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  const auto key = find_key(**catalog, id);
  if (!key) return error_answer(request, key.error());
  return document_answer(render_key(*key, {context.now, context.key_hasher->pepper_id()}),
                         key->revision);
}

AdminResponse list_keys(const AdminRequest& request, std::string_view,
                        const AdminContext& context) {
  const auto query = Query::parse(request.head.query, kPaging);
  if (!query) return error_answer(request, query.error());
  const auto asked = document_query(registry::kClientKeyKind, *query);
  if (!asked) return error_answer(request, asked.error());
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  const KeyShown shown{context.now, context.key_hasher->pepper_id()};
  return page_answer(request, (*catalog)->list(*asked),
                     [&](const store::Document& document) -> Result<std::string> {
                       const auto key = registry::client_key_of(document);
                       if (!key) return key.error();
                       return render_key(*key, shown);
                     });
}

constexpr AdminRoute kRoutes[] = {
    {.method = Method::post,
     .path = "/api/keys",
     .answer = create_key,
     .summary = "Makes a client key; this answer alone shows it.",
     .request = &kNewKeyFields,
     .result = &kKeyWithTokenFields,
     .status = 201},
    {.path = "/api/keys",
     .answer = list_keys,
     .summary = "Client keys, newest first.",
     .query = kPaging,
     .result = &kKeyPageFields},
    {.path = "/api/keys/{id}",
     .answer = answer_key,
     .summary = "One client key.",
     .result = &kKeyFields},
    {.method = Method::put,
     .path = "/api/keys/{id}",
     .answer = change_key,
     .summary = "Changes a client key; fields that are left out stay.",
     .request = &kKeyPatchFields,
     .result = &kKeyFields},
    {.method = Method::delete_,
     .path = "/api/keys/{id}",
     .answer = delete_key,
     .summary = "Revokes a client key: no request that comes after the answer gets in with it.",
     .result = &kKeyFields},
    {.method = Method::post,
     .path = "/api/keys/{id}/rotate",
     .answer = rotate_key,
     .summary = "Makes a new key in place of the old one, which works until the overlap ends.",
     .request = &kRotateFields,
     .result = &kKeyWithTokenFields},
};

}  // namespace

std::span<const AdminRoute> key_routes() { return kRoutes; }

}  // namespace tallygate::api
