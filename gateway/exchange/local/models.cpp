#include "gateway/exchange/local/models.h"

#include <boost/url.hpp>

#include <algorithm>
#include <vector>

#include "gateway/wire/errors.h"
#include "router/plan.h"

namespace tallygate {
namespace {

std::string model_object(std::string_view id) {
  std::string json = R"({"id":")";
  wire::append_json_escaped(json, id);
  return json.append(R"(","object":"model","created":0,"owned_by":"tallygate"})");
}

}  // namespace

std::string render_models(const router::Snapshot& snapshot, const store::Names& names,
                          const access::Key* key) {
  std::vector<std::string_view> ids;
  for (const router::Route& route : snapshot.routes) {
    if (key == nullptr || key->may_use(route.name)) ids.push_back(names.text(route.name));
  }
  std::sort(ids.begin(), ids.end());
  std::string json = R"({"object":"list","data":[)";
  for (const std::string_view id : ids) {
    if (json.back() != '[') json.push_back(',');
    json.append(model_object(id));
  }
  return json.append("]}");
}

Result<std::string> render_model(const router::Snapshot& snapshot, const store::Names&,
                                 std::string_view id, const access::Key* key) {
  const auto encoded = boost::urls::make_pct_string_view(id);
  std::string name(id);
  if (encoded.has_value()) {
    name.clear();
    for (const char c : *encoded.value()) name.push_back(c);
  }
  const auto resolved = router::resolve_model(snapshot, name);
  if (resolved.has_error()) return resolved.error();
  if (key != nullptr && !key->may_use(snapshot.routes[resolved->route].name)) {
    return make_error(Errc::forbidden, "this key may not use the model '" + name + "'", "model");
  }
  return model_object(name);
}

}  // namespace tallygate
