#pragma once
// An admin API with two versions of the model type "assistant", and one of another type.

#include "gateway/registry/version_catalog.h"
#include "tests/gateway/api/admin_kit.h"

namespace tallygate::api {

struct MetricKit : AdminKit {
  MetricKit() {
    add_version("v1", "assistant", "1.0.0");
    add_version("v2", "assistant", "2.0.0");
    add_version("w1", "writer", "1.0.0");
  }

  void add_version(const std::string& id, const std::string& model_type,
                   const std::string& version) {
    registry::ModelVersion made;
    made.id = id;
    made.name = id;
    made.version = version;
    made.model_type = model_type;
    store::Transaction transaction;
    transaction.writes = {registry::write_of(made)};
    transaction.now = context.now;
    ASSERT_TRUE(catalog.transact(transaction).has_value());
  }

  /// "accuracy=0.5 of 2" for each metric of the version and period that is stored.
  std::string computed(const std::string& version, const std::string& period) {
    const AdminResponse page = get("/api/admin/llm-models/metrics?modelVersionId=" + version +
                                   "&dataset=production&period=" + period);
    std::vector<std::string> lines;
    const auto value = json_of(page);
    for (const auto& each : value.as_object().at("data").as_array()) {
      const auto& metric = each.as_object();
      lines.push_back(std::string(metric.at("metricType").as_string()) + "=" +
                      std::to_string(metric.at("metricValue").to_number<double>()).substr(0, 5) +
                      " of " + boost::json::serialize(metric.at("samples")));
    }
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "" : "; ") + line;
    return text;
  }
};

}  // namespace tallygate::api
