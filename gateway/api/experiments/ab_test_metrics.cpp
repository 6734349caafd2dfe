#include "gateway/api/experiments/ab_test_metrics.h"

#include <cmath>
#include <utility>

#include "gateway/api/experiments/ab_test_store.h"
#include "gateway/api/experiments/ab_test_view.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/body_members.h"
#include "gateway/registry/metrics/custom_metric.h"

namespace tallygate::api {
namespace {

namespace json = boost::json;
using registry::AbTest;
using registry::CustomMetric;

constexpr double kMaxValue = 1e12;

constexpr Field kNewFields[] = {
    {.name = "variant", .note = "Or request_id.", .min = 1, .max = 31},
    {.name = "request_id", .note = "x-request-id of the answer that it is about.", .max = 64},
    {.name = "user_id", .note = "With variant: whose value it is.", .min = 1, .max = 512},
    {.name = "name", .required = true, .note = "Of the metric.", .min = 1, .max = 64},
    {.name = "value",
     .type = FieldType::number,
     .required = true,
     .min = -kMaxValue,
     .max = kMaxValue},
};
constexpr Field kAnswerFields[] = {
    {.name = "test_id", .required = true},
    {.name = "variant", .required = true},
    {.name = "name", .required = true},
    {.name = "value", .type = FieldType::number, .required = true},
    {.name = "count",
     .type = FieldType::integer,
     .required = true,
     .note = "Values of this variant so far, in the current epoch."},
};

/// Where a value counts.
struct Place {
  std::uint32_t epoch = 1;
  std::uint8_t arm = 0;
  std::uint64_t unit_hash = 0;
};

Error conflict(std::string message, std::string_view param) {
  return make_error(Errc::conflict, std::move(message), std::string(param));
}

Result<Place> place_of_request(const AbTest& test, const std::string& id,
                               const AdminContext& context) {
  const auto uuid = parse_uuid(id);
  if (!uuid) return make_error(Errc::not_found, "There is no such request.", "request_id");
  const auto record = context.find_record(*uuid);
  if (!record) return record.error();
  const bool is_enrolled = record->experiment != 0 && record->variant < test.arms.size() &&
                           context.names.text(record->experiment) == registry::record_name(test) &&
                           context.names.text(record->route) == test.model_type;
  if (!is_enrolled) return conflict("The request was not part of this test.", "request_id");
  // Without a unit the request stands for itself.
  const std::uint64_t unit =
      record->unit_hash != 0 ? record->unit_hash : router::hash_unit(uuid->view(), 0);
  return Place{record->epoch, record->variant, unit};
}

Result<Place> place_of(const json::object& body, const AbTest& test, const AdminRequest& request,
                       const AdminContext& context) {
  const auto variant = text_in(body, "variant");
  const auto id = text_in(body, "request_id");
  if (variant.has_value() == id.has_value()) {
    return make_error(Errc::missing_parameter,
                      "Give either `variant` or `request_id`: where the value belongs.", "variant");
  }
  if (id) return place_of_request(test, *id, context);
  const auto arm = registry::arm_number(test, *variant);
  if (!arm) {
    std::string names;
    for (const auto& each : test.arms) names.append(names.empty() ? "" : ", ").append(each.name);
    return make_error(Errc::invalid_parameter,
                      "The test has no variant `" + *variant + "`; it has: " + names + ".",
                      "variant");
  }
  const std::string unit = text_in(body, "user_id").value_or(std::string(request.request_id));
  return Place{test.epochs.back().number, static_cast<std::uint8_t>(*arm),
               router::hash_unit(unit, 0)};
}

/// As stored, or new.
Result<CustomMetric> metric_of(const store::Catalog& catalog, const AbTest& test,
                               const std::string& name) {
  const auto document =
      catalog.find(registry::kCustomMetricKind, registry::custom_metric_id(test.id, name));
  if (document) return registry::custom_metric_of(*document);
  if (document.error().code != Errc::not_found) return document.error();
  const auto known = registry::custom_metrics(catalog, test.id);
  if (!known) return known.error();
  if (known->size() >= registry::kMaxCustomMetrics) {
    return make_error(Errc::rule_broken,
                      "A test has at most " + std::to_string(registry::kMaxCustomMetrics) +
                          " metrics of its own.",
                      "name");
  }
  CustomMetric metric;
  metric.test = test.id;
  metric.name = name;
  return metric;
}

std::string render_value(const AbTest& test, const Place& place, const CustomMetric& metric,
                         double value) {
  double count = 0;
  for (const CustomMetric::Sums& sums : metric.sums) {
    if (sums.epoch != place.epoch || sums.arm != place.arm) continue;
    for (const router::SubBucket& group : sums.evidence.groups) count += group.count;
  }
  JsonText out;
  out.open('{');
  out.add("test_id", to_string(test.id));
  out.add("variant", test.arms[place.arm].name);
  out.add("name", metric.name);
  out.add_raw("value", number_text(value, 9));
  out.add("count", static_cast<std::uint64_t>(count));
  out.close('}');
  return out.take();
}

Result<Change> add(const json::object& body, const AbTest& test, const AdminRequest& request,
                   const AdminContext& context, const store::Catalog& catalog) {
  if (context.allows_route && !context.allows_route(test.model_type)) {
    return make_error(Errc::forbidden, "This key may not use " + test.model_type + ".");
  }
  if (!test.started) {
    return conflict("The test is draft: start it before values are counted.", "status");
  }
  const std::string name = text_in(body, "name").value_or("");
  if (!registry::is_custom_metric_name(name)) {
    return make_error(Errc::invalid_parameter,
                      "`name` is of letters, digits, '_', '-' and '.', and not the name of a "
                      "metric that every test has.",
                      "name");
  }
  const auto place = place_of(body, test, request, context);
  if (!place) return place.error();
  auto metric = metric_of(catalog, test, name);
  if (!metric) return metric.error();
  const double value = number_in(body, "value").value_or(0);
  registry::add_value(*metric, place->epoch, place->arm, place->unit_hash, value);
  Change change;
  change.writes.push_back(registry::write_of(*metric));
  change.action = "add metric";
  change.status = 201;
  change.body = render_value(test, *place, *metric, value);
  return change;
}

}  // namespace

const Fields kNewMetricValue{.name = "NewAbTestMetric", .fields = kNewFields};
const Fields kMetricValue{.name = "AbTestMetric", .fields = kAnswerFields};

AdminResponse answer_add_metric(const AdminRequest& request, std::string_view id,
                                const AdminContext& context) {
  const auto body = read_body(request, kNewMetricValue);
  if (!body) return error_answer(request, body.error());
  return answer_write(request, context, [&](const store::Catalog& catalog) -> Result<Change> {
    const auto test = find_ab_test(catalog, id);
    if (!test) return test.error();
    return add(*body, *test, request, context, catalog);
  });
}

}  // namespace tallygate::api
