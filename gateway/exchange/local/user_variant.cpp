#include "gateway/exchange/local/user_variant.h"

#include "base/limits.h"
#include "gateway/api/shapes/json_text.h"
#include "gateway/api/shapes/query.h"

namespace tallygate {
namespace {

constexpr std::string_view kParameters[] = {"model_type", "user_id"};

std::string render(const router::Snapshot& snapshot, const store::Names& names,
                   const router::Route& route, std::string_view unit) {
  if (route.experiment == router::kNoIndex) return "null";
  const router::Experiment& experiment = snapshot.experiments[route.experiment];
  if (experiment.paused) return "null";
  const auto slot = router::slot_of(router::hash_unit(unit, experiment.salt));
  const std::uint8_t variant = (*experiment.table)[slot];
  if (variant >= experiment.variants.size()) return "null";
  api::JsonText json;
  json.open('{');
  json.add("test_id", to_string(experiment.id));
  json.add("variant", names.text(experiment.variant_names[variant]));
  json.add("version", names.text(snapshot.versions[experiment.variants[variant]].name));
  json.close('}');
  return json.take();
}

}  // namespace

Result<std::string> render_user_variant(const router::Snapshot& snapshot, const store::Names& names,
                                        const access::Caller& caller, std::string_view query) {
  const auto asked = api::Query::parse(query, kParameters);
  if (asked.has_error()) return asked.error();
  for (const std::string_view name : kParameters) {
    if (!asked->value_of(name).empty()) continue;
    return make_error(Errc::missing_parameter,
                      "'" + std::string(name) + "' is missing in the query", std::string(name));
  }
  const std::string_view unit = asked->value_of("user_id");
  if (unit.size() > kMaxUnitBytes) {
    return make_error(Errc::invalid_parameter,
                      "a unit may have at most " + std::to_string(kMaxUnitBytes) + " bytes",
                      "user_id");
  }
  const auto found = snapshot.route_by_name.find(asked->value_of("model_type"));
  if (found == snapshot.route_by_name.end()) return std::string("null");
  const router::Route& route = snapshot.routes[found->second];
  if (auto refusal = caller.refusal_of_route(route.name, names.text(route.name), false)) {
    refusal->param = "model_type";
    return std::move(*refusal);
  }
  return render(snapshot, names, route, unit);
}

}  // namespace tallygate
