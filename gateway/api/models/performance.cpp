#include "gateway/api/models/performance.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "gateway/api/models/tally_view.h"
#include "gateway/api/operation/record_view.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/json_text.h"
#include "gateway/api/shapes/query.h"
#include "gateway/api/shapes/timestamps.h"

namespace tallygate::api {
namespace {

using router::Tally;
using router::TallyKey;

/// What rows are sorted by; joined, the cursor.
using Place = std::array<std::string_view, 4>;

Place place_of(const TallyKey& key, const store::Names& names) {
  return {names.text(key.route), names.text(key.version), names.text(key.target),
          to_string(key.conversation)};
}

constexpr char kSeparator = '\x1f';

std::string cursor_text(const Place& place) {
  std::string text(place[0]);
  for (std::size_t i = 1; i < place.size(); ++i) text.append(1, kSeparator).append(place[i]);
  return text;
}

Place place_in(std::string_view cursor) {
  Place place{};
  for (std::string_view& part : place) {
    part = cursor.substr(0, cursor.find(kSeparator));
    cursor.remove_prefix(std::min(part.size() + 1, cursor.size()));
  }
  return place;
}

/// The keys of the page in order, and one more if there is one. Most of ten thousand are only
/// looked at.
std::vector<TallyKey> keys_of_page(const store::TotalsSet& all, const Paging& paging,
                                   const store::Names& names) {
  const Place after = place_in(paging.after);
  std::vector<std::pair<Place, TallyKey>> rows;
  rows.reserve(all.entries.size());
  for (const auto& [key, totals] : all.entries) {
    Place place = place_of(key, names);
    if (paging.after.empty() || after < place) rows.emplace_back(place, key);
  }
  const auto wanted = std::min<std::size_t>(paging.limit + std::size_t{1}, rows.size());
  const auto end = rows.begin() + static_cast<std::ptrdiff_t>(wanted);
  std::partial_sort(rows.begin(), end, rows.end(),
                    [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<TallyKey> keys;
  for (auto row = rows.begin(); row != end; ++row) keys.push_back(row->second);
  return keys;
}

/// The variants of experiments on `routes`, by route, experiment, epoch and variant.
std::vector<TallyKey> variants_on(const std::set<router::NameId>& routes,
                                  const AdminContext& context) {
  std::vector<TallyKey> keys;
  for (const auto& [key, totals] : context.totals({.kind = TallyKey::Kind::variant}).entries) {
    if (routes.contains(key.route)) keys.push_back(key);
  }
  const auto place = [&](const TallyKey& key) {
    return std::tuple(context.names.text(key.route), context.names.text(key.experiment), key.epoch,
                      key.variant);
  };
  std::sort(keys.begin(), keys.end(),
            [&](const TallyKey& a, const TallyKey& b) { return place(a) < place(b); });
  return keys;
}

void add_performance(JsonText& json, const TallyKey& key, const Tally& tally,
                     const AdminContext& context) {
  const TargetHealth health = context.health_of(key.target);
  json.open('{');
  json.add_name("route", context.names.text(key.route));
  json.add_name("version", context.names.text(key.version));
  json.add_name("target", context.names.text(key.target));
  json.add("conversation_type", to_string(key.conversation));
  add_tally(json, tally, Counting::attempts);
  json.add("failures_in_row", std::uint64_t{health.failures_in_row});
  json.add_name("blacklisted_until", health.blacklisted_until
                                         ? render_rfc3339(*health.blacklisted_until)
                                         : std::string());
  json.close('}');
}

void add_variant(JsonText& json, const TallyKey& key, const Tally& tally,
                 const store::Names& names) {
  json.open('{');
  json.add_name("experiment", names.text(key.experiment));
  json.add_name("route", names.text(key.route));
  json.add("epoch", std::uint64_t{key.epoch});
  json.add_name("variant", variant_name(key.variant));
  json.add_name("version", names.text(key.version));
  add_tally(json, tally, Counting::requests);
  json.close('}');
}

}  // namespace

AdminResponse answer_performance(const AdminRequest& request, std::string_view,
                                 const AdminContext& context) {
  const Result<Query> query = Query::parse(request.head.query, {"limit", "cursor"});
  if (!query) return error_answer(request, query.error());
  const Result<Paging> paging = parse_paging(*query);
  if (!paging) return error_answer(request, paging.error());

  std::vector<TallyKey> keys =
      keys_of_page(context.totals({.kind = TallyKey::Kind::performance}), *paging, context.names);
  const bool has_more = keys.size() > paging->limit;
  if (has_more) keys.pop_back();

  JsonText json;
  std::set<router::NameId> routes;
  json.open('{');
  json.open("data", '[');
  for (const auto& [key, tally] : context.tallies_at(keys).entries) {
    add_performance(json, key, tally, context);
    routes.insert(key.route);
  }
  json.close(']');
  json.add("has_more", has_more);
  json.add_name("next_cursor",
                has_more ? cursor_of(cursor_text(place_of(keys.back(), context.names))) : "");
  json.open("experiments", '[');
  for (const auto& [key, tally] : context.tallies_at(variants_on(routes, context)).entries) {
    add_variant(json, key, tally, context.names);
  }
  json.close(']');
  json.close('}');
  return json_answer(json.take());
}

}  // namespace tallygate::api
