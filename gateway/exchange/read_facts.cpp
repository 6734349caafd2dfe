#include "gateway/exchange/read_facts.h"

#include <fmt/format.h>

#include <charconv>

#include "gateway/wire/multipart.h"
#include "router/selection/auto_pool.h"

namespace tallygate {
namespace {

constexpr std::uint32_t kLongestTimeoutMillis = 24 * 3600 * 1000;
constexpr std::size_t kMostTagBytes = 1024;

Result<wire::BodyFacts> read_body_facts(Exchange& x) {
  const std::string_view body = x.session.body;
  if (x.endpoint.kind == EndpointKind::json) {
    return x.worker.inspector.inspect(body, x.session.settings().limits.json_depth);
  }
  const auto boundary = wire::multipart_boundary(x.session.head().content_type);
  if (boundary.has_error()) return boundary.error();
  const auto parts = wire::inspect_multipart(body, *boundary);
  if (parts.has_error()) return parts.error();
  wire::BodyFacts facts;
  facts.model = parts->model;
  facts.model_value = parts->model_value;
  facts.stream = parts->stream;
  facts.user = parts->user;
  return facts;
}

std::string_view unit_from(const Exchange& x, std::string_view source) {
  if (source == "user") return x.facts.user;
  if (source == "safety_identifier") return x.facts.safety_identifier;
  if (source == "metadata.user_id") return x.facts.metadata_user_id;
  if (source == "api_key") return x.session.caller.unit();
  return x.session.head().value_of(source);
}

Result<std::string_view> find_unit(const Exchange& x) {
  for (const std::string& source : x.session.settings().unit_sources) {
    const std::string_view unit = unit_from(x, source);
    if (unit.empty()) continue;
    if (unit.size() > kMaxUnitBytes) {
      return make_error(Errc::invalid_parameter,
                        "a unit may have at most " + std::to_string(kMaxUnitBytes) + " bytes",
                        source);
    }
    return unit;
  }
  return std::string_view{};
}

/// How an auto pool is to choose, if the request says so.
Result<std::optional<config::Criterion>> find_criterion(const Exchange& x) {
  const std::string_view text = x.session.head().value_of("x-tallygate-optimize");
  if (text.empty()) return std::optional<config::Criterion>();
  const auto criterion = router::parse_criterion(text);
  if (!criterion) {
    return make_error(Errc::invalid_parameter,
                      "x-tallygate-optimize is one of cost, accuracy, creativity, speed, "
                      "continuity",
                      "x-tallygate-optimize");
  }
  return criterion;
}

}  // namespace

Result<router::RequestFacts> read_facts(Exchange& x) {
  auto body = read_body_facts(x);
  if (body.has_error()) return body.error();
  x.facts = *body;
  if (x.endpoint.needs_messages && !x.facts.has_messages) {
    return make_error(Errc::missing_parameter, "the request has no 'messages'", "messages");
  }
  const Result<std::string_view> unit = find_unit(x);
  if (unit.has_error()) return unit.error();
  router::RequestFacts facts;
  facts.model = x.facts.model;
  facts.unit = *unit;
  facts.protocol = x.endpoint.protocol;
  facts.conversation = x.endpoint.conversation;
  facts.streamed = x.facts.stream;
  const auto criterion = find_criterion(x);
  if (criterion.has_error()) return criterion.error();
  facts.criterion = *criterion;
  return facts;
}

Result<void> apply_request_headers(Exchange& x) {
  const std::string_view tags = x.session.head().value_of("x-tallygate-tags");
  if (tags.size() <= kMostTagBytes) x.tags = tags;
  const std::string_view text = x.session.head().value_of("x-tallygate-timeout-ms");
  if (text.empty()) return {};
  std::uint32_t millis = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), millis);
  const bool is_number = failed == std::errc{} && end == text.data() + text.size();
  if (!is_number || millis == 0 || millis > kLongestTimeoutMillis) {
    return make_error(Errc::invalid_parameter,
                      fmt::format("x-tallygate-timeout-ms is a whole number of milliseconds from 1 "
                                  "to {}",
                                  kLongestTimeoutMillis),
                      "x-tallygate-timeout-ms");
  }
  const config::Duration asked{millis};
  const config::Duration usual = x.timeouts.total;
  x.hurried = usual.count() == 0 || asked < usual;  // a client may wait less, never longer
  if (x.hurried) x.timeouts.total = asked;
  return {};
}

}  // namespace tallygate
