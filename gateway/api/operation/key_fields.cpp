#include "gateway/api/operation/key_fields.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "gateway/api/shapes/json_text.h"
#include "gateway/api/shapes/timestamps.h"
#include "gateway/api/writes.h"

namespace tallygate::api {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostRoutes = 256;
constexpr double kMostRequests = 1e6;
constexpr double kMostTokens = 1e9;

constexpr Field limit(std::string_view name, std::string_view note, double max) {
  return {.name = name,
          .type = FieldType::integer,
          .note = note,
          .min = 1,
          .max = max,
          .nullable = true};
}

constexpr Field kRole{.name = "role",
                      .note =
                          "application (default): the data listener; viewer, admin: the admin "
                          "listener. It stays as it is.",
                      .one_of = registry::kKeyRoles};
constexpr Field kRoutes{.name = "routes",
                        .type = FieldType::array,
                        .note = "Routes that it may use, \"auto\" for the auto pools; none: all.",
                        .max = kMostRoutes,
                        .items = FieldType::string};
constexpr Field kRequests = limit("requestsPerMinute", "null: no limit.", kMostRequests);
constexpr Field kTokens = limit(
    "tokensPerMinute", "Of prompts and answers, charged afterwards; null: no limit.", kMostTokens);
constexpr Field kConcurrency =
    limit("concurrency", "Requests under way at once; null: no limit.", kMostRequests);
constexpr Field kExpires{.name = "expiresAt",
                         .type = FieldType::timestamp,
                         .note = "It works until then; null: for good.",
                         .nullable = true};

constexpr Field named(bool required) {
  return {.name = "name",
          .required = required,
          .note = "Whose it is; the audit trail says it. Unique.",
          .min = 1,
          .max = 128};
}

constexpr Field present(Field field) {
  field.required = true;
  return field;
}

constexpr Field kNewMembers[] = {named(true), kRole,        kRoutes, kRequests,
                                 kTokens,     kConcurrency, kExpires};
constexpr Field kPatchMembers[] = {named(false), kRoutes,      kRequests,
                                   kTokens,      kConcurrency, kExpires};
constexpr Field kRotateMembers[] = {{.name = "overlap",
                                     .type = FieldType::duration,
                                     .note = "How long the old key goes on working; default: 0s, "
                                             "at most 90d."}};
#define TG_KEY_MEMBERS                                                                             \
  kIdField, named(true), present(kRole), present(kRoutes), present(kRequests), present(kTokens),   \
      present(kConcurrency), present(kExpires),                                                    \
      {.name = "lastFour", .required = true, .note = "Of the key, to know it by."},                \
      {.name = "previousLastFour",                                                                 \
       .required = true,                                                                           \
       .note = "Of the key before, while it works too.",                                           \
       .nullable = true},                                                                          \
      {.name = "previousUntil", .type = FieldType::timestamp, .required = true, .nullable = true}, \
      {.name = "isUsable",                                                                         \
       .type = FieldType::boolean,                                                                 \
       .required = true,                                                                           \
       .note = "false: it has expired, or was made with another pepper."},                         \
      kCreatedField, kUpdatedField, kRevisionField
constexpr Field kMembers[] = {TG_KEY_MEMBERS};
constexpr Field kWithTokenMembers[] = {
    TG_KEY_MEMBERS,
    {.name = "key",
     .required = true,
     .note = "The key itself. It is shown here and never again; null in an answer that is "
             "repeated for its Idempotency-Key.",
     .nullable = true}};
#undef TG_KEY_MEMBERS

template <class T>
void take_limit(const json::object& body, const char* name, T& into) {
  const json::value* value = body.if_contains(name);
  if (value != nullptr) into = value->is_null() ? T{0} : static_cast<T>(value->as_int64());
}

std::string text_of(const json::value& value) {
  return std::string(value.get_string().data(), value.get_string().size());
}

void add_limit(JsonText& out, std::string_view name, std::uint64_t value) {
  if (value == 0) {
    out.add_raw(name, "null");
  } else {
    out.add(name, value);
  }
}

void add_time(JsonText& out, std::string_view name, const std::optional<WallTime>& time) {
  out.add_name(name, time ? render_rfc3339(*time) : std::string());
}

void add_key(JsonText& out, const registry::ClientKey& key, const KeyShown& shown) {
  out.add("id", key.id);
  out.add("name", key.name);
  out.add("role", registry::to_text(key.role));
  out.open("routes", '[');
  for (const std::string& route : key.routes) out.add_string(route);
  out.close(']');
  add_limit(out, "requestsPerMinute", key.requests_per_minute);
  add_limit(out, "tokensPerMinute", key.tokens_per_minute);
  add_limit(out, "concurrency", key.concurrency);
  add_time(out, "expiresAt", key.expires);
  out.add("lastFour", key.secret.last_four);
  const bool overlaps = key.previous && shown.now < key.previous_until;
  out.add_name("previousLastFour", overlaps ? key.previous->last_four : std::string());
  add_time(out, "previousUntil", overlaps ? std::optional(key.previous_until) : std::nullopt);
  const bool expired = key.expires && *key.expires <= shown.now;
  out.add("isUsable", !expired && key.secret.pepper_id == shown.pepper_id);
  out.add("createdAt", render_rfc3339(key.created));
  out.add("updatedAt", render_rfc3339(key.updated));
  out.add("revision", key.revision);
}

}  // namespace

const Fields kNewKeyFields{.name = "NewClientKey", .fields = kNewMembers};
const Fields kKeyPatchFields{.name = "ClientKeyPatch", .fields = kPatchMembers};
const Fields kRotateFields{.name = "ClientKeyRotation", .fields = kRotateMembers};
const Fields kKeyFields{.name = "ClientKey", .fields = kMembers};
const Fields kKeyPageFields{.name = "ClientKeys", .fields = kMembers, .is_page = true};
const Fields kKeyWithTokenFields{.name = "ClientKeyShownOnce", .fields = kWithTokenMembers};

void merge_key(const json::object& body, registry::ClientKey& key) {
  if (const auto* name = body.if_contains("name")) key.name = text_of(*name);
  if (const auto* role = body.if_contains("role")) {
    key.role = registry::parse_key_role(text_of(*role)).value();
  }
  if (const auto* routes = body.if_contains("routes")) {
    key.routes.clear();
    for (const json::value& route : routes->get_array()) key.routes.push_back(text_of(route));
    std::sort(key.routes.begin(), key.routes.end());
    key.routes.erase(std::unique(key.routes.begin(), key.routes.end()), key.routes.end());
  }
  take_limit(body, "requestsPerMinute", key.requests_per_minute);
  take_limit(body, "tokensPerMinute", key.tokens_per_minute);
  take_limit(body, "concurrency", key.concurrency);
  if (const auto* expires = body.if_contains("expiresAt")) {
    key.expires.reset();
    if (!expires->is_null()) key.expires = parse_rfc3339(text_of(*expires));
  }
}

std::string render_key(const registry::ClientKey& key, const KeyShown& shown) {
  JsonText out;
  out.open('{');
  add_key(out, key, shown);
  out.close('}');
  return out.take();
}

std::string render_key_with_token(const registry::ClientKey& key, const KeyShown& shown,
                                  std::string_view token) {
  JsonText out;
  out.open('{');
  add_key(out, key, shown);
  out.add_name("key", token);
  out.close('}');
  return out.take();
}

}  // namespace tallygate::api
