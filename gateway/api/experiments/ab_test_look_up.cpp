#include "gateway/api/experiments/ab_test_look_up.h"

#include <utility>
#include <vector>

#include "gateway/api/experiments/ab_test_report.h"
#include "gateway/api/experiments/ab_test_split.h"
#include "gateway/api/experiments/ab_test_store.h"
#include "gateway/api/experiments/ab_test_view.h"
#include "gateway/api/shapes/answers.h"

namespace tallygate::api {
namespace {

using registry::AbTest;

constexpr Field member(std::string_view name) {
  return {.name = name, .type = FieldType::object, .required = true};
}

std::string render_preview(const AbTest& test, std::span<const double> weights, double moved) {
  JsonText out;
  out.open('{');
  out.add("test_id", to_string(test.id));
  out.open("split", '{');
  for (std::size_t i = 0; i < weights.size(); ++i) {
    out.add_raw(test.arms[i].name, number_text(weights[i], 9));
  }
  out.close('}');
  out.add_raw("moved_share", number_text(moved, 4));
  out.close('}');
  return out.take();
}

std::string render_variant(const AbTest& test, std::string_view unit) {
  if (!test.table) return "null";
  const auto slot = router::slot_of(router::hash_unit(unit, router::salt_of(test.id)));
  const std::uint8_t arm = (*test.table)[slot];
  if (arm >= test.arms.size()) return "null";
  JsonText out;
  out.open('{');
  out.add("test_id", to_string(test.id));
  out.add("variant", test.arms[arm].name);
  out.add("version", test.arms[arm].version);
  out.close('}');
  return out.take();
}

}  // namespace

std::span<const Field> report_fields() {
  static const std::vector<Field> all = [] {
    const auto own = form_two_fields();
    std::vector<Field> fields(own.begin(), own.end());
    for (const char* name : {"metrics", "assignments", "analysis"}) {
      fields.push_back(member(name));
    }
    return fields;
  }();
  return all;
}

Result<registry::AbTestCounts> counts_of(const AdminContext& context, const AbTest& test) {
  registry::AbTestCounts counts;
  // A name that no record has yet has no number, and 0 would select everything.
  const router::NameId experiment = context.names.find(registry::record_name(test));
  if (experiment != 0) {
    router::TallyFilter filter;
    filter.kind = router::TallyKey::Kind::variant;
    filter.experiment = experiment;
    filter.route = context.names.find(test.model_type);
    if (context.tallies_of) counts.tallies = context.tallies_of(filter);
    if (context.units_of) counts.units = context.units_of(experiment);
  }
  auto custom = registry::custom_metrics(*context.catalog, test.id);
  if (!custom) return custom.error();
  counts.custom = std::move(*custom);
  return counts;
}

AdminResponse answer_report(const AdminRequest& request, std::string_view id,
                            const AdminContext& context) {
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  const auto test = find_ab_test(**catalog, id);
  if (!test) return error_answer(request, test.error());
  const auto counts = counts_of(context, *test);
  if (!counts) return error_answer(request, counts.error());
  JsonText out;
  out.open('{');
  add_form_two(out, *test);
  add_report(out, *test, *counts, context.now);
  out.close('}');
  return document_answer(out.take(), test->revision);
}

Result<std::string> user_variant(const store::Catalog& catalog, const std::string& model_type,
                                 std::string_view unit) {
  store::DocumentQuery query;
  query.kind = registry::kAbTestKind;
  query.index_keys = {"modelType=" + model_type, "status=active"};
  query.limit = 1;
  const auto page = catalog.list(query);
  if (!page) return page.error();
  if (page->documents.empty() || unit.empty()) return std::string("null");
  const auto test = registry::ab_test_of(page->documents.front());
  if (!test) return test.error();
  return render_variant(*test, unit);
}

AdminResponse answer_user_variant(const AdminRequest& request, std::string_view,
                                  const AdminContext& context) {
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  const auto query = Query::parse(request.head.query, {"model_type", "user_id"});
  if (!query) return error_answer(request, query.error());
  for (const std::string_view name : {"model_type", "user_id"}) {
    if (!query->value_of(name).empty()) continue;
    return error_answer(request, make_error(Errc::missing_parameter,
                                            "`" + std::string(name) + "` is missing in the query.",
                                            std::string(name)));
  }
  auto variant = user_variant(**catalog, std::string(query->value_of("model_type")),
                              query->value_of("user_id"));
  if (!variant) return error_answer(request, variant.error());
  return json_answer(std::move(*variant));
}

AdminResponse answer_preview(const AdminRequest& request, std::string_view id,
                             const AdminContext& context) {
  const auto catalog = catalog_of(context);
  if (!catalog) return error_answer(request, catalog.error());
  const auto query = Query::parse(request.head.query, {"split"});
  if (!query) return error_answer(request, query.error());
  const auto test = find_ab_test(**catalog, id);
  if (!test) return error_answer(request, test.error());
  const auto weights = parse_split(query->value_of("split"), test->arms);
  if (!weights) return error_answer(request, weights.error());
  const auto moved = registry::preview(*test, *weights);
  if (!moved) return error_answer(request, moved.error());
  return json_answer(render_preview(*test, *weights, *moved));
}

}  // namespace tallygate::api
