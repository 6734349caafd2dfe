#pragma once
// The admin API with versions of the route "chat", for the tests of both A/B test forms.

#include "gateway/registry/version_catalog.h"
#include "store/tally/unit_counts.h"
#include "tests/gateway/api/admin_kit.h"

namespace tallygate::api {

/// chat: 1.0.0 (default), 2.0.0, 3.0.0 and the inactive 4.0.0, with the ids v1, v2, v3, v4. From
/// the file: the route "filed" with 1.0.0 (default) and 2.0.0.
struct AbTestKit : AdminKit {
  AbTestKit() {
    for (const char* number : {"1", "2", "3", "4"}) {
      registry::ModelVersion version;
      version.id = std::string("v") + number;
      version.name = version.id;
      version.version = std::string(number) + ".0.0";
      version.model_type = "chat";
      version.active = *number != '4';
      version.is_default = *number == '1';
      store::Transaction transaction;
      transaction.writes = {registry::write_of(version)};
      transaction.now = context.now;
      EXPECT_TRUE(catalog.transact(transaction));
    }
    settings.routes["filed"].versions["1.0.0"].is_default = true;
    settings.routes["filed"].versions["2.0.0"] = {};
  }

  /// Shows the answer when it has another status.
  boost::json::object asked(const AdminResponse& response, unsigned status) {
    EXPECT_EQ(response.status, status) << response.body;
    const auto value = json_of(response);
    return value.is_object() ? value.get_object() : boost::json::object();
  }
};

/// "code param: message" of an error.
inline std::string error_of(const boost::json::object& body) {
  const auto* error = body.if_contains("error");
  if (error == nullptr) return "no error: " + boost::json::serialize(body);
  const auto& keys = error->as_object();
  const auto text = [](const boost::json::value& value) {
    return value.is_string() ? std::string(value.get_string()) : std::string("-");
  };
  return text(keys.at("code")) + " " + text(keys.at("param")) + ": " + text(keys.at("message"));
}

inline std::string text_of(const boost::json::object& body, std::string_view key) {
  const auto* value = body.if_contains(key);
  if (value == nullptr) return "absent";
  return value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
}

}  // namespace tallygate::api
