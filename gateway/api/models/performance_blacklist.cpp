#include "gateway/api/models/performance_blacklist.h"

#include <algorithm>
#include <boost/json/object.hpp>

#include "gateway/api/models/performance.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/json_body.h"
#include "gateway/api/shapes/timestamps.h"
#include "gateway/api/writes.h"

namespace tallygate::api {
namespace {

using std::chrono::seconds;

constexpr double kLongestBenchSeconds = 366 * 24 * 3600;

constexpr Field kBenchFields[] = {
    {.name = "target", .required = true, .note = "Name of a target.", .min = 1, .max = 512},
    {.name = "seconds",
     .type = FieldType::integer,
     .note = "How long from now; or send until.",
     .min = 1,
     .max = kLongestBenchSeconds},
    {.name = "until", .type = FieldType::timestamp, .note = "Within the next 366 days."},
    {.name = "reason", .note = "For those who wonder later.", .max = 1000},
};
std::string text_of(const boost::json::object& body, std::string_view key) {
  const auto* value = body.if_contains({key.data(), key.size()});
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

Result<WallTime> end_of(const boost::json::object& body, WallTime now) {
  const auto* length = body.if_contains("seconds");
  const std::string until = text_of(body, "until");
  if ((length == nullptr) == until.empty()) {
    return make_error(Errc::invalid_parameter, "Send either seconds or until.", "seconds");
  }
  if (length != nullptr) return now + seconds{length->to_number<std::int64_t>()};
  const auto end = parse_rfc3339(until);
  if (end && *end > now && *end - now <= seconds{static_cast<std::int64_t>(kLongestBenchSeconds)}) {
    return *end;
  }
  return make_error(Errc::invalid_parameter, "until is a time within the next 366 days.", "until");
}

Error no_target(std::string_view name) {
  return make_error(Errc::not_found, "There is no target `" + std::string(name) + "`.", "target");
}

Result<std::uint64_t> revision_of(const store::Catalog& catalog, std::string_view target) {
  const auto document = catalog.find(kBlacklistingKind, target);
  if (document) return document->revision;
  if (document.error().code == Errc::not_found) return std::uint64_t{0};
  return document.error();
}

struct Row {
  std::string name;
  BlacklistedTarget target;
};

/// Its document, if the bench is what the document tells of.
Blacklisting document_of(const Row& row, const store::Catalog* catalog) {
  if (catalog == nullptr) return {};
  const auto document = catalog->find(kBlacklistingKind, row.name);
  if (!document) return {};
  const auto told = blacklisting_of(*document);
  return told && told->by_hand == row.target.by_hand ? *told : Blacklisting{};
}

void add_time(JsonText& json, std::string_view key, WallTime time) {
  json.add_name(key, time == WallTime{} ? std::string() : render_rfc3339(time));
}

std::string render_row(const Row& row, const store::Catalog* catalog) {
  const Blacklisting told =
      row.target.until != WallTime{} ? document_of(row, catalog) : Blacklisting{};
  JsonText json;
  json.open('{');
  json.add("target", row.name);
  json.add("state", row.target.state);
  add_time(json, "until", row.target.until);
  add_time(json, "cooling_until", row.target.cooling_until);
  json.add("failures_in_row", std::uint64_t{row.target.failures_in_row});
  json.add("refusals", std::uint64_t{row.target.refusals});
  json.add("by_hand", row.target.by_hand);
  json.add_name("reason", told.reason);
  json.add_name("by", told.by);
  json.add_raw("evidence", render_evidence(told.evidence));
  json.close('}');
  return json.take();
}

}  // namespace

constexpr Fields kBenchBody{.name = "NewBlacklisting", .fields = kBenchFields};

AdminResponse answer_blacklisted(const AdminRequest& request, std::string_view,
                                 const AdminContext& context) {
  const auto query = Query::parse(request.head.query, {"limit", "cursor"});
  if (!query) return error_answer(request, query.error());
  const auto paging = parse_paging(*query);
  if (!paging) return error_answer(request, paging.error());
  std::vector<Row> rows;
  for (const BlacklistedTarget& target : context.blacklisted()) {
    rows.push_back({std::string(context.names.text(target.target)), target});
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.name < b.name; });
  const auto begin =
      std::upper_bound(rows.begin(), rows.end(), paging->after,
                       [](const std::string& after, const Row& row) { return after < row.name; });
  const auto end = begin + std::min<std::ptrdiff_t>(paging->limit, rows.end() - begin);
  std::vector<std::string> items;
  for (auto row = begin; row != end; ++row) items.push_back(render_row(*row, context.catalog));
  return json_answer(
      render_page(items, end != rows.end(), begin == end ? std::string() : (end - 1)->name));
}

AdminResponse answer_bench(const AdminRequest& request, std::string_view,
                           const AdminContext& context) {
  const auto body = read_body(request, kBenchBody);
  if (!body) return error_answer(request, body.error());
  const auto until = end_of(*body, context.now);
  if (!until) return error_answer(request, until.error());
  const std::string name = text_of(*body, "target");
  const router::NameId target = context.names.find(name);
  if (target == 0) return error_answer(request, no_target(name));
  Blacklisting blacklisting;
  blacklisting.target = name;
  blacklisting.until = *until;
  blacklisting.reason = text_of(*body, "reason");
  blacklisting.by = context.actor;
  blacklisting.by_hand = true;
  const std::string document = render_blacklisting(blacklisting);
  AdminResponse response =
      answer_write(request, context, [&](const store::Catalog& catalog) -> Result<Change> {
        const auto revision = revision_of(catalog, name);
        if (!revision) return revision.error();
        Change change;
        change.writes.push_back({.kind = std::string(kBlacklistingKind),
                                 .id = name,
                                 .body = document,
                                 .expected_revision = *revision});
        change.action = "bench";
        change.status = 201;
        change.body = document;
        change.events = {{"target.benched", document}};
        return change;
      });
  if (response.status != 201) return response;
  const Result<void> benched = context.bench(target, *until);
  return benched ? response : error_answer(request, benched.error());
}

AdminResponse answer_pardon(const AdminRequest& request, std::string_view name,
                            const AdminContext& context) {
  const router::NameId target = context.names.find(name);
  if (target == 0) return error_answer(request, no_target(name));
  JsonText json;
  json.open('{');
  json.add("target", name);
  json.add("pardoned", true);
  json.close('}');
  AdminResponse response =
      answer_write(request, context, [&](const store::Catalog& catalog) -> Result<Change> {
        const auto revision = revision_of(catalog, name);
        if (!revision) return revision.error();
        Change change;
        if (*revision != 0) {
          change.writes.push_back({.kind = std::string(kBlacklistingKind),
                                   .id = std::string(name),
                                   .expected_revision = *revision});
        }
        change.action = "pardon";
        change.body = json.text();
        change.events = {{"target.pardoned", json.text()}};
        return change;
      });
  if (response.status != 200) return response;
  const Result<void> pardoned = context.pardon(target);
  return pardoned ? response : error_answer(request, pardoned.error());
}

}  // namespace tallygate::api
