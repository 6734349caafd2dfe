#include <algorithm>
#include <array>

#include "gateway/api/models/performance.h"
#include "gateway/api/models/tally_view.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/json_text.h"
#include "gateway/api/shapes/query.h"

namespace tallygate::api {
namespace {

std::uint64_t count_benched(const std::vector<BlacklistedTarget>& targets) {
  return static_cast<std::uint64_t>(
      std::count_if(targets.begin(), targets.end(),
                    [](const auto& target) { return target.state == "benched"; }));
}

using router::TallyKey;

struct UsageRow {
  std::string order;
  const TallyKey* key = nullptr;
  const router::Totals* totals = nullptr;
};

/// Most used first, then by name; it is also the cursor.
std::string order_of(const TallyKey& key, const router::Totals& totals, const store::Names& names) {
  const std::uint64_t falling = ~totals.requests;
  std::string order;
  for (int shift = 56; shift >= 0; shift -= 8) order += static_cast<char>(falling >> shift & 0xFF);
  order.append(names.text(key.route)).append(1, '\x1f').append(names.text(key.version));
  order.append(1, '\x1f').append(names.text(key.target)).append(1, '\x1f');
  return order.append(to_string(key.conversation));
}

void add_usage(JsonText& json, const UsageRow& row, std::uint64_t total,
               const store::Names& names) {
  const TallyKey& key = *row.key;
  json.open('{');
  json.add_name("route", names.text(key.route));
  json.add_name("version", names.text(key.version));
  json.add_name("target", names.text(key.target));
  json.add("conversation_type", to_string(key.conversation));
  json.add("requests", row.totals->requests);
  json.add_raw("share", ratio_text(row.totals->requests, total));
  json.add("input_tokens", row.totals->input_tokens);
  json.add("output_tokens", row.totals->output_tokens);
  json.add_raw("cost_usd", decimal_text(row.totals->cost_nano_usd, 9));
  json.close('}');
}

std::uint64_t count_distinct(const store::TotalsSet& all, router::NameId TallyKey::*name) {
  std::vector<router::NameId> ids;
  for (const auto& [key, totals] : all.entries) {
    if (key.*name != 0) ids.push_back(key.*name);
  }
  std::sort(ids.begin(), ids.end());
  return static_cast<std::uint64_t>(std::unique(ids.begin(), ids.end()) - ids.begin());
}

}  // namespace

AdminResponse answer_usage(const AdminRequest& request, std::string_view,
                           const AdminContext& context) {
  const auto query = Query::parse(request.head.query, {"conversationType", "limit", "cursor"});
  if (!query) return error_answer(request, query.error());
  const auto paging = parse_paging(*query);
  if (!paging) return error_answer(request, paging.error());
  const auto conversation = parse_conversation(query->value_of("conversationType"));
  if (!conversation) return error_answer(request, conversation.error());

  const store::TotalsSet set =
      context.totals({.kind = TallyKey::Kind::performance, .conversation = *conversation});
  std::vector<UsageRow> rows;
  std::uint64_t total = 0;
  for (const auto& [key, totals] : set.entries) {
    total += totals.requests;
    rows.push_back({order_of(key, totals, context.names), &key, &totals});
  }
  std::sort(rows.begin(), rows.end(),
            [](const UsageRow& a, const UsageRow& b) { return a.order < b.order; });
  const auto begin = std::upper_bound(
      rows.begin(), rows.end(), paging->after,
      [](const std::string& after, const UsageRow& row) { return after < row.order; });
  const auto end = begin + std::min<std::ptrdiff_t>(paging->limit, rows.end() - begin);
  JsonText json;
  json.open('{');
  json.add("requests", total);
  json.open("data", '[');
  for (auto row = begin; row != end; ++row) add_usage(json, *row, total, context.names);
  json.close(']');
  json.add("has_more", end != rows.end());
  json.add_name("next_cursor", end != rows.end() ? cursor_of((end - 1)->order) : std::string());
  json.close('}');
  return json_answer(json.take());
}

AdminResponse answer_summary(const AdminRequest& request, std::string_view,
                             const AdminContext& context) {
  const auto query = Query::parse(request.head.query, {});
  if (!query) return error_answer(request, query.error());
  const store::TotalsSet all = context.totals({.kind = TallyKey::Kind::performance});
  std::array<std::uint64_t, router::kConversationCount> requests{};
  for (const auto& [key, totals] : all.entries) {
    requests[static_cast<std::size_t>(key.conversation)] += totals.requests;
  }
  JsonText json;
  json.open('{');
  json.add("routes", count_distinct(all, &TallyKey::route));
  json.add("targets", count_distinct(all, &TallyKey::target));
  json.add("blacklisted", context.blacklisted ? count_benched(context.blacklisted()) : 0);
  add_tally(json, context.total(), Counting::requests);
  json.open("conversation_types", '{');
  for (std::size_t i = 0; i < requests.size(); ++i) {
    json.add(to_string(static_cast<router::Conversation>(i)), requests[i]);
  }
  json.close('}');
  json.close('}');
  return json_answer(json.take());
}

}  // namespace tallygate::api
