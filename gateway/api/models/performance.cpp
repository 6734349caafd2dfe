#include "gateway/api/models/performance.h"

#include <algorithm>
#include <set>

#include "gateway/api/answers.h"
#include "gateway/api/json_text.h"
#include "gateway/api/models/tally_view.h"
#include "gateway/api/operation/record_view.h"
#include "gateway/api/query.h"
#include "gateway/api/timestamps.h"

namespace tallygate::api {
namespace {

using router::Tally;
using router::TallyKey;

struct Row {
  std::string order;  ///< rows are sorted by it, and it is the cursor
  const TallyKey* key = nullptr;
  const Tally* tally = nullptr;
};

std::string order_of(const TallyKey& key, const store::Names& names) {
  constexpr char kSeparator = '\x1f';
  std::string order(names.text(key.route));
  if (key.kind == TallyKey::Kind::variant) {
    order.append(1, kSeparator).append(names.text(key.experiment));
    // Fixed width, so that epoch 10 comes after epoch 9.
    const std::string epoch = std::to_string(key.epoch);
    order.append(1, kSeparator).append(10 - epoch.size(), '0').append(epoch);
    return order.append(1, kSeparator).append(1, static_cast<char>(key.variant));
  }
  order.append(1, kSeparator).append(names.text(key.version));
  order.append(1, kSeparator).append(names.text(key.target));
  return order.append(1, kSeparator).append(to_string(key.conversation));
}

std::vector<Row> rows_of(const store::TallySet& tallies, TallyKey::Kind kind,
                         const store::Names& names) {
  std::vector<Row> rows;
  for (const auto& [key, tally] : tallies.entries) {
    if (key.kind == kind) rows.push_back({order_of(key, names), &key, &tally});
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.order < b.order; });
  return rows;
}

void add_performance(JsonText& json, const Row& row, const AdminContext& context) {
  const TallyKey& key = *row.key;
  const TargetHealth health = context.health_of(key.target);
  json.open('{');
  json.add_name("route", context.names.text(key.route));
  json.add_name("version", context.names.text(key.version));
  json.add_name("target", context.names.text(key.target));
  json.add("conversation_type", to_string(key.conversation));
  add_tally(json, *row.tally);
  json.add("failures_in_row", std::uint64_t{health.failures_in_row});
  json.add_name("blacklisted_until", health.blacklisted_until
                                         ? render_rfc3339(*health.blacklisted_until)
                                         : std::string());
  json.close('}');
}

void add_variant(JsonText& json, const Row& row, const store::Names& names) {
  const TallyKey& key = *row.key;
  json.open('{');
  json.add_name("experiment", names.text(key.experiment));
  json.add_name("route", names.text(key.route));
  json.add("epoch", std::uint64_t{key.epoch});
  json.add_name("variant", variant_name(key.variant));
  json.add_name("version", names.text(key.version));
  add_tally(json, *row.tally);
  json.close('}');
}

}  // namespace

AdminResponse answer_performance(const AdminRequest& request, std::string_view,
                                 const AdminContext& context) {
  const Result<Query> query = Query::parse(request.head.query, {"limit", "cursor"});
  if (!query) return error_answer(request, query.error());
  const Result<Paging> paging = parse_paging(*query);
  if (!paging) return error_answer(request, paging.error());

  const store::TallySet tallies = context.tallies();
  const auto rows = rows_of(tallies, TallyKey::Kind::performance, context.names);
  const auto begin =
      std::upper_bound(rows.begin(), rows.end(), paging->after,
                       [](const std::string& after, const Row& row) { return after < row.order; });
  const auto end = begin + std::min<std::ptrdiff_t>(paging->limit, rows.end() - begin);

  JsonText json;
  std::set<router::NameId> routes;
  json.open('{');
  json.open("data", '[');
  for (auto row = begin; row != end; ++row) {
    add_performance(json, *row, context);
    routes.insert(row->key->route);
  }
  json.close(']');
  json.add("has_more", end != rows.end());
  json.add_name("next_cursor", end != rows.end() ? cursor_of((end - 1)->order) : std::string());
  json.open("experiments", '[');
  for (const Row& row : rows_of(tallies, TallyKey::Kind::variant, context.names)) {
    if (routes.contains(row.key->route)) add_variant(json, row, context.names);
  }
  json.close(']');
  json.close('}');
  return json_answer(json.take());
}

}  // namespace tallygate::api
