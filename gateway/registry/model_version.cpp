#include "gateway/registry/model_version.h"

#include "store/catalog/stored_json.h"

namespace tallygate::registry {
namespace {

namespace json = boost::json;
using store::flag_of;
using store::number_of;
using store::read_stored;
using store::text_of;

json::object target_value(const VersionTarget& target) {
  if (!target.name.empty()) return {{"name", target.name}};
  return {{"url", target.url},
          {"model", target.model},
          {"protocol", target.protocol == config::Protocol::anthropic ? "anthropic" : "openai"},
          {"apiKeyRef", target.api_key_ref},
          {"allowPrivate", target.allow_private},
          {"inputPrice", target.price.input},
          {"outputPrice", target.price.output}};
}

VersionTarget read_target(const json::object& body) {
  VersionTarget target;
  if (body.contains("name")) {
    target.name = text_of(body, "name");
    return target;
  }
  target.url = text_of(body, "url");
  target.model = text_of(body, "model");
  const bool anthropic = text_of(body, "protocol") == "anthropic";
  target.protocol = anthropic ? config::Protocol::anthropic : config::Protocol::openai;
  target.api_key_ref = text_of(body, "apiKeyRef");
  target.allow_private = flag_of(body, "allowPrivate");
  target.price = {number_of(body, "inputPrice"), number_of(body, "outputPrice")};
  return target;
}

ModelVersion read_body(const json::object& body) {
  ModelVersion version;
  version.name = text_of(body, "name");
  version.version = text_of(body, "version");
  version.model_type = text_of(body, "modelType");
  version.description = text_of(body, "description");
  version.notes = text_of(body, "notes");
  version.config_json = text_of(body, "config");
  version.active = body.at("isActive").as_bool();
  version.is_default = body.at("isDefault").as_bool();
  for (const json::value& target : body.at("targets").as_array()) {
    version.targets.push_back(read_target(target.as_object()));
  }
  return version;
}

}  // namespace

std::string to_body(const ModelVersion& version) {
  json::object body;
  body["name"] = version.name;
  body["version"] = version.version;
  body["modelType"] = version.model_type;
  body["description"] = version.description;
  body["notes"] = version.notes;
  body["config"] = version.config_json;  // as text: numbers stay as they were written
  body["isActive"] = version.active;
  body["isDefault"] = version.is_default;
  json::array& targets = body["targets"].emplace_array();
  for (const VersionTarget& target : version.targets) targets.emplace_back(target_value(target));
  return json::serialize(body);
}

Result<ModelVersion> model_version_of(const store::Document& document) {
  auto version = read_stored<ModelVersion>(document, read_body);
  if (!version) return version;
  version->id = document.id;
  version->revision = document.revision;
  version->created = document.created;
  version->updated = document.updated;
  return version;
}

}  // namespace tallygate::registry
