#include "gateway/api/models/version_fields.h"

#include <array>
#include <boost/json/array.hpp>

#include "gateway/api/shapes/json_body.h"
#include "gateway/api/shapes/json_text.h"
#include "gateway/api/writes.h"

namespace tallygate::api {
namespace {

namespace json = boost::json;
using registry::ModelVersion;
using registry::VersionTarget;

constexpr std::string_view kProtocols[] = {"openai", "anthropic"};
constexpr std::string_view kOrigins[] = {"api", "config"};

constexpr Field kTargetFields[] = {
    {.name = "url", .required = true, .note = "Base URL of the upstream.", .min = 1, .max = 2048},
    {.name = "model", .required = true, .note = "The upstream's model name.", .min = 1, .max = 512},
    {.name = "protocol", .note = "Default: openai.", .one_of = kProtocols},
    {.name = "apiKeyRef",
     .note = "env:NAME or file:/path that the configuration file allows; never the key itself.",
     .max = 1024},
    {.name = "allowPrivate",
     .type = FieldType::boolean,
     .note = "It may have a private or loopback address. Default: false."},
    {.name = "inputPrice", .type = FieldType::number, .note = "USD per million tokens.", .min = 0},
    {.name = "outputPrice", .type = FieldType::number, .note = "USD per million tokens.", .min = 0},
};

constexpr Field describe(std::string_view name, FieldType type, bool required) {
  Field field{.name = name, .type = type, .required = required};
  if (type == FieldType::string) field.max = 64 * 1024;
  return field;
}

constexpr Field named(std::string_view name, bool required, std::string_view note) {
  return {.name = name, .required = required, .note = note, .min = 1, .max = 256};
}

constexpr Field kTargets{.name = "targets",
                         .type = FieldType::array,
                         .note = "Names of configured targets, or targets given inline.",
                         .max = 64,
                         .members = kTargetFields,
                         .items = FieldType::string};

/// A new version must have the first three; a change has what changes.
constexpr auto fields_of(bool is_new) {
  return std::to_array<Field>({
      named("name", is_new, "What people call it."),
      named("version", is_new, "Semantic version, unique within the model type."),
      named("modelType", is_new,
            is_new ? "The route that it serves; a new one creates the route."
                   : "The route that it serves."),
      describe("description", FieldType::string, false),
      describe("notes", FieldType::string, false),
      {.name = "config", .type = FieldType::object, .note = "Kept as it is."},
      describe("isActive", FieldType::boolean, false),
      describe("isDefault", FieldType::boolean, false),
      kTargets,
  });
}
constexpr auto kNewFields = fields_of(true);
constexpr auto kPatchFields = fields_of(false);

constexpr Field kAnswerFields[] = {
    kIdField,
    describe("name", FieldType::string, true),
    describe("version", FieldType::string, true),
    describe("modelType", FieldType::string, true),
    describe("description", FieldType::string, true),
    describe("notes", FieldType::string, true),
    {.name = "config", .type = FieldType::object, .required = true},
    describe("isActive", FieldType::boolean, true),
    describe("isDefault", FieldType::boolean, true),
    {.name = "targets",
     .type = FieldType::array,
     .required = true,
     .members = kTargetFields,
     .items = FieldType::string},
    {.name = "origin",
     .required = true,
     .note = "config: declared in the configuration file, read-only here.",
     .one_of = kOrigins},
    kCreatedField,
    kUpdatedField,
    kRevisionField,
};

constexpr Field kRollbackMembers[] = {named("modelType", true, "The route to roll back.")};

constexpr Field kHistoryMembers[] = {
    {.name = "number", .type = FieldType::integer, .required = true},
    {.name = "at", .type = FieldType::timestamp, .required = true},
    {.name = "actor", .required = true},
    {.name = "action", .required = true},
    {.name = "before", .type = FieldType::object, .required = true, .nullable = true},
    {.name = "after", .type = FieldType::object, .required = true, .nullable = true},
};

std::string text_of(const json::value& value) {
  return std::string(value.get_string().data(), value.get_string().size());
}

void take(const json::object& body, const char* key, std::string& into) {
  if (const auto* value = body.if_contains(key)) into = text_of(*value);
}
void take(const json::object& body, const char* key, bool& into) {
  if (const auto* value = body.if_contains(key)) into = value->get_bool();
}
void take(const json::object& body, const char* key, double& into) {
  if (const auto* value = body.if_contains(key)) into = value->to_number<double>();
}

VersionTarget target_of(const json::value& value) {
  VersionTarget target;
  if (value.is_string()) {
    target.name = text_of(value);
    return target;
  }
  const json::object& body = value.get_object();
  take(body, "url", target.url);
  take(body, "model", target.model);
  std::string protocol;
  take(body, "protocol", protocol);
  if (protocol == "anthropic") target.protocol = config::Protocol::anthropic;
  take(body, "apiKeyRef", target.api_key_ref);
  take(body, "allowPrivate", target.allow_private);
  take(body, "inputPrice", target.price.input);
  take(body, "outputPrice", target.price.output);
  return target;
}

void add_target(JsonText& json, const VersionTarget& target) {
  if (!target.name.empty()) return json.add_string(target.name);
  json.open('{');
  json.add("url", target.url);
  json.add("model", target.model);
  json.add("protocol", target.protocol == config::Protocol::anthropic ? "anthropic" : "openai");
  if (!target.api_key_ref.empty()) json.add("apiKeyRef", target.api_key_ref);
  json.add("allowPrivate", target.allow_private);
  json.add_raw("inputPrice", number_text(target.price.input, 9));
  json.add_raw("outputPrice", number_text(target.price.output, 9));
  json.close('}');
}

void add_content(JsonText& json, const ModelVersion& version) {
  json.add("name", version.name);
  json.add("version", version.version);
  json.add("modelType", version.model_type);
  json.add("description", version.description);
  json.add("notes", version.notes);
  json.add_raw("config", version.config_json);
  json.add("isActive", version.active);
  json.add("isDefault", version.is_default);
  json.open("targets", '[');
  for (const VersionTarget& target : version.targets) add_target(json, target);
  json.close(']');
}

}  // namespace

constexpr Fields kNewVersionFields{.name = "NewModelVersion", .fields = kNewFields};
constexpr Fields kVersionPatchFields{.name = "ModelVersionChange", .fields = kPatchFields};
constexpr Fields kModelVersionFields{.name = "ModelVersion", .fields = kAnswerFields};
constexpr Fields kVersionPageFields{
    .name = "ModelVersion", .fields = kAnswerFields, .is_page = true};
constexpr Fields kRollbackFields{.name = "Rollback", .fields = kRollbackMembers};
constexpr Fields kVersionHistoryFields{
    .name = "ModelVersionWrite", .fields = kHistoryMembers, .is_page = true};

void merge_version(const json::object& body, ModelVersion& version) {
  take(body, "name", version.name);
  take(body, "version", version.version);
  take(body, "modelType", version.model_type);
  take(body, "description", version.description);
  take(body, "notes", version.notes);
  take(body, "isActive", version.active);
  take(body, "isDefault", version.is_default);
  if (const auto* config = body.if_contains("config")) version.config_json = render_json(*config);
  if (const auto* targets = body.if_contains("targets")) {
    version.targets.clear();
    for (const json::value& target : targets->get_array()) {
      version.targets.push_back(target_of(target));
    }
  }
}

std::string render_version(const ModelVersion& version) {
  JsonText json;
  const bool from_file = version.origin == registry::Origin::config;
  json.open('{');
  if (from_file) {
    json.add("id", version.id);
    json.add_raw("createdAt", "null");
    json.add_raw("updatedAt", "null");
    json.add("revision", std::uint64_t{0});
  } else {
    add_document_fields(json, version.id, version.created, version.updated, version.revision);
  }
  add_content(json, version);
  json.add("origin", from_file ? "config" : "api");
  json.close('}');
  return json.take();
}

std::string render_version_content(const ModelVersion& version) {
  JsonText json;
  json.open('{');
  add_content(json, version);
  json.close('}');
  return json.take();
}

}  // namespace tallygate::api
