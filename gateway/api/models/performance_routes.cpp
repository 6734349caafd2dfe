#include "gateway/api/models/performance_routes.h"

#include <algorithm>
#include <array>

#include "gateway/api/models/performance.h"
#include "gateway/api/models/performance_blacklist.h"
#include "gateway/api/shapes/fields.h"

namespace tallygate::api {
namespace {

using http::Method;

constexpr Field whole(std::string_view name) {
  return {.name = name, .type = FieldType::integer, .required = true, .min = 0};
}
constexpr Field number(std::string_view name, bool nullable = false) {
  return {.name = name, .type = FieldType::number, .required = true, .nullable = nullable};
}
constexpr Field text(std::string_view name, bool nullable = false) {
  return {.name = name, .required = true, .nullable = nullable};
}
constexpr Field object(std::string_view name, std::span<const Field> members,
                       bool nullable = false) {
  return {.name = name,
          .type = FieldType::object,
          .required = true,
          .nullable = nullable,
          .members = members};
}
constexpr Field array(std::string_view name, std::span<const Field> members) {
  return {.name = name, .type = FieldType::array, .required = true, .members = members};
}
constexpr Field moment(std::string_view name, bool nullable = false) {
  return {.name = name, .type = FieldType::timestamp, .required = true, .nullable = nullable};
}

constexpr Field kHasMore{.name = "has_more", .type = FieldType::boolean, .required = true};
constexpr Field kNextCursor = text("next_cursor", true);

constexpr Field kFigure[] = {number("score"), number("prior"), number("measured", true),
                             whole("samples")};
constexpr Field kFigures[] = {object("reliability", kFigure), object("cost", kFigure),
                              object("accuracy", kFigure),    object("creativity", kFigure),
                              object("speed", kFigure),       object("feedback", kFigure)};
constexpr Field kScores[] = {number("overall"), number("cost"), number("accuracy"),
                             number("creativity"), number("speed")};
constexpr Field kRanking[] = {whole("rank"),
                              text("model"),
                              text("route"),
                              text("version"),
                              number("score"),
                              object("scores", kScores),
                              object("figures", kFigures)};
constexpr Field kRankings[] = {text("metric"), array("data", kRanking), kHasMore, kNextCursor};
constexpr Fields kRankingsFields{.name = "Rankings", .fields = kRankings};

constexpr Field kPoint[] = {moment("start"),
                            whole("requests"),
                            whole("successes"),
                            whole("failures"),
                            number("success_rate", true),
                            number("latency_ms", true),
                            number("ttft_ms", true),
                            whole("input_tokens"),
                            whole("output_tokens"),
                            number("cost_usd")};
constexpr Field kSeries[] = {text("model"), moment("from"), moment("to"), whole("step_seconds"),
                             array("data", kPoint)};
constexpr Fields kSeriesFields{.name = "PerformanceSeries", .fields = kSeries};

constexpr std::string_view kStates[] = {"benched", "recovering", "cooling", "misconfigured"};
constexpr Field kByHand{.name = "by_hand", .type = FieldType::boolean, .required = true};
constexpr Field kEvidence[] = {text("cause"),
                               {.name = "status",
                                .type = FieldType::integer,
                                .required = true,
                                .note = "Of the upstream; null = none came.",
                                .min = 0,
                                .nullable = true},
                               text("request_id", true),
                               moment("at")};
constexpr Field kBlacklisted[] = {text("target"),
                                  {.name = "state", .required = true, .one_of = kStates},
                                  moment("until", true),
                                  moment("cooling_until", true),
                                  whole("failures_in_row"),
                                  whole("refusals"),
                                  kByHand,
                                  text("reason", true),
                                  text("by", true),
                                  object("evidence", kEvidence, true)};
constexpr Fields kBlacklistedFields{
    .name = "BlacklistedPage", .fields = kBlacklisted, .is_page = true};
constexpr Field kBlacklisting[] = {text("target"),
                                   moment("until"),
                                   text("reason", true),
                                   text("by"),
                                   kByHand,
                                   whole("failures_in_row"),
                                   object("evidence", kEvidence, true)};
constexpr Fields kBlacklistingFields{.name = "Blacklisting", .fields = kBlacklisting};
constexpr Field kPardon[] = {text("target"),
                             {.name = "pardoned", .type = FieldType::boolean, .required = true}};
constexpr Fields kPardonFields{.name = "Pardon", .fields = kPardon};

constexpr Field kUsageRow[] = {
    text("route", true),       text("version", true),  text("target", true),
    text("conversation_type"), whole("requests"),      number("share", true),
    whole("input_tokens"),     whole("output_tokens"), number("cost_usd")};
constexpr Field kUsage[] = {whole("requests"), array("data", kUsageRow), kHasMore, kNextCursor};
constexpr Fields kUsageFields{.name = "Usage", .fields = kUsage};

constexpr Field kOutcomes{.name = "outcomes", .type = FieldType::object, .required = true};
constexpr Field kQuantiles[] = {number("avg"), number("p50"), number("p95"), number("p99")};
constexpr Field kTokens[] = {whole("input"), whole("output"), whole("cached"),
                             number("avg_input", true), number("avg_output", true)};
constexpr Field kTypes{.name = "conversation_types", .type = FieldType::object, .required = true};
constexpr auto kTallied = std::to_array<Field>(
    {whole("usage"), whole("successes"), whole("failures"), whole("failovers"),
     number("success_rate", true), kOutcomes, whole("attempts"), whole("streamed"),
     object("latency_ms", kQuantiles, true), object("ttft_ms", kQuantiles, true),
     object("tokens", kTokens), number("cost_usd")});

/// What a tally is of, what add_tally() says of it, and what else is known.
template <std::size_t Before, std::size_t After>
constexpr auto around_a_tally(const std::array<Field, Before>& before,
                              const std::array<Field, After>& after) {
  std::array<Field, Before + kTallied.size() + After> all{};
  auto at = std::copy(before.begin(), before.end(), all.begin());
  at = std::copy(kTallied.begin(), kTallied.end(), at);
  std::copy(after.begin(), after.end(), at);
  return all;
}

constexpr auto kSummary =
    around_a_tally(std::to_array<Field>({whole("routes"), whole("targets"), whole("blacklisted")}),
                   std::to_array<Field>({kTypes}));
constexpr auto kPerformanceRow = around_a_tally(
    std::to_array<Field>({text("route", true), text("version", true), text("target", true),
                          text("conversation_type")}),
    std::to_array<Field>({whole("failures_in_row"), moment("blacklisted_until", true)}));
constexpr auto kVariantRow =
    around_a_tally(std::to_array<Field>({text("experiment"), text("route"), whole("epoch"),
                                         text("variant"), text("version")}),
                   std::array<Field, 0>{});
constexpr Field kPerformance[] = {array("data", kPerformanceRow), kHasMore, kNextCursor,
                                  array("experiments", kVariantRow)};
constexpr Fields kPerformanceFields{.name = "Performance", .fields = kPerformance};
constexpr Fields kSummaryFields{.name = "PerformanceSummary", .fields = kSummary};

constexpr std::string_view kPagingQuery[] = {"limit", "cursor"};
constexpr std::string_view kRankingsQuery[] = {"conversationType", "metric", "limit", "cursor"};
constexpr std::string_view kSeriesQuery[] = {"conversationType", "from", "to", "step"};
constexpr std::string_view kUsageQuery[] = {"conversationType", "limit", "cursor"};

constexpr AdminRoute kRoutes[] = {
    {.path = "/performance",
     .answer = answer_performance,
     .summary = "How every target and version did.",
     .role = Role::viewer,
     .query = kPagingQuery,
     .result = &kPerformanceFields},
    {.path = "/performance/rankings",
     .answer = answer_rankings,
     .summary = "Versions by a criterion, best first, with the figures that led there.",
     .role = Role::viewer,
     .query = kRankingsQuery,
     .result = &kRankingsFields},
    {.path = "/performance/summary",
     .answer = answer_summary,
     .summary = "All requests in one object.",
     .role = Role::viewer,
     .result = &kSummaryFields},
    {.path = "/performance/usage",
     .answer = answer_usage,
     .summary = "Who took what share of the requests, most used first.",
     .role = Role::viewer,
     .query = kUsageQuery,
     .result = &kUsageFields},
    {.path = "/performance/blacklisted",
     .answer = answer_blacklisted,
     .summary = "Targets that take no requests for now, and why.",
     .role = Role::viewer,
     .query = kPagingQuery,
     .result = &kBlacklistedFields},
    {.method = Method::post,
     .path = "/performance/blacklisted",
     .answer = answer_bench,
     .summary = "Takes a target out until a time, or until it is pardoned.",
     .request = &kBenchBody,
     .result = &kBlacklistingFields,
     .status = 201},
    {.method = Method::delete_,
     .path = "/performance/blacklisted/{target}",
     .answer = answer_pardon,
     .summary = "Takes a target in again and forgets its failures.",
     .result = &kPardonFields},
    {.path = "/performance/metrics/{modelName}",
     .answer = answer_series,
     .summary = "A route or ROUTE@VERSION over time.",
     .role = Role::viewer,
     .query = kSeriesQuery,
     .result = &kSeriesFields},
};

}  // namespace

std::span<const AdminRoute> performance_routes() { return kRoutes; }

}  // namespace tallygate::api
