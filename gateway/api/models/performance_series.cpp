#include <algorithm>

#include "config/yaml/scalars.h"
#include "gateway/api/models/performance.h"
#include "gateway/api/models/tally_view.h"
#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/json_text.h"
#include "gateway/api/shapes/query.h"
#include "gateway/api/shapes/timestamps.h"

namespace tallygate::api {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t kMaxPoints = 1500;
constexpr seconds kMinute = minutes{1};
constexpr seconds kHour = hours{1};
constexpr seconds kDay = hours{24};
// A little more than what is kept, so that "the last 24 hours" need not be exact to the second.
constexpr seconds kMinutesAreKept = kDay + kHour;
constexpr seconds kHoursAreKept = 30 * kDay + kDay;

Error wrong(std::string message, const char* param) {
  return make_error(Errc::invalid_parameter, std::move(message), param);
}

/// The finest resolution that is kept for what lies `age` back.
seconds finest_step(std::chrono::microseconds age) {
  if (age <= kMinutesAreKept) return kMinute;
  return age <= kHoursAreKept ? kHour : kDay;
}

std::string words_of(seconds step) { return step == kMinute ? "1m" : step == kHour ? "1h" : "1d"; }

/// route or route@version.
Result<void> read_model(std::string_view model, const store::Names& names, SeriesQuery& query) {
  query.route = names.find(model);
  const std::size_t at = model.rfind('@');
  if (query.route == 0 && at != std::string_view::npos) {
    query.route = names.find(model.substr(0, at));
    query.version = names.find(model.substr(at + 1));
    if (query.version == 0) query.route = 0;
  }
  if (query.route != 0) return {};
  return make_error(Errc::not_found,
                    "There is no such route or version: name it as ROUTE or ROUTE@VERSION.",
                    "modelName");
}

Result<WallTime> read_moment(const Query& query, const char* name, WallTime now, WallTime absent) {
  const std::string_view text = query.value_of(name);
  if (text.empty()) return absent;
  const auto moment = parse_moment(text, now);
  if (moment) return *moment;
  return wrong(std::string(name) + " is an RFC 3339 time, or a time before now such as 6h or 7d.",
               name);
}

Result<void> read_step(std::string_view text, WallTime now, SeriesQuery& query) {
  const seconds finest = finest_step(now - query.from);
  const auto span = std::chrono::ceil<seconds>(query.to - query.from);
  if (text.empty()) {
    query.step = finest;
    for (const seconds coarser : {kHour, kDay}) {
      if (span / query.step > kMaxPoints) query.step = std::max(query.step, coarser);
    }
  } else {
    const auto step = config::yaml::parse_duration(text);
    if (!step || *step < kMinute || *step % kMinute != seconds{0}) {
      return wrong("step is a duration of whole minutes, such as 1m, 15m, 1h or 1d.", "step");
    }
    query.step = std::chrono::duration_cast<seconds>(*step);
    if (query.step % finest != seconds{0}) {
      return wrong("So far back, step must be a multiple of " + words_of(finest) + ".", "step");
    }
  }
  if (span / query.step <= kMaxPoints) return {};
  return wrong("From..to holds more than 1500 steps: make step longer or the time shorter.",
               "step");
}

Result<SeriesQuery> read_series_query(std::string_view model, const Query& query,
                                      const AdminContext& context) {
  SeriesQuery asked;
  if (const auto known = read_model(model, context.names, asked); !known) return known.error();
  const auto conversation = parse_conversation(query.value_of("conversationType"));
  if (!conversation) return conversation.error();
  asked.conversation = *conversation;
  const auto to = read_moment(query, "to", context.now, context.now);
  if (!to) return to.error();
  const auto from = read_moment(query, "from", context.now, *to - kDay);
  if (!from) return from.error();
  asked.from = *from;
  asked.to = *to;
  if (asked.from >= asked.to) return wrong("from must be before to.", "from");
  if (const auto step = read_step(query.value_of("step"), context.now, asked); !step) {
    return step.error();
  }
  return asked;
}

std::string mean_text(const std::optional<double>& mean) {
  return mean ? number_text(*mean) : "null";
}

void add_point(JsonText& json, const SeriesPoint& point) {
  json.open('{');
  json.add("start", render_rfc3339(point.start));
  json.add("requests", point.requests);
  json.add("successes", point.successes);
  json.add("failures", point.failures);
  json.add_raw("success_rate", ratio_text(point.successes, point.successes + point.failures));
  json.add_raw("latency_ms", mean_text(point.latency_ms_mean));
  json.add_raw("ttft_ms", mean_text(point.ttft_ms_mean));
  json.add("input_tokens", point.input_tokens);
  json.add("output_tokens", point.output_tokens);
  json.add_raw("cost_usd", decimal_text(point.cost_nano_usd, 9));
  json.close('}');
}

}  // namespace

AdminResponse answer_series(const AdminRequest& request, std::string_view model,
                            const AdminContext& context) {
  const auto query = Query::parse(request.head.query, {"conversationType", "from", "to", "step"});
  if (!query) return error_answer(request, query.error());
  const auto asked = read_series_query(model, *query, context);
  if (!asked) return error_answer(request, asked.error());
  if (!context.series) {
    return error_answer(request, make_error(Errc::storage_unavailable, "No series are kept."));
  }
  const auto points = context.series(*asked);
  if (!points) return error_answer(request, points.error());
  JsonText json;
  json.open('{');
  json.add("model", model);
  json.add("from", render_rfc3339(asked->from));
  json.add("to", render_rfc3339(asked->to));
  json.add("step_seconds", static_cast<std::uint64_t>(asked->step.count()));
  json.open("data", '[');
  for (const SeriesPoint& point : *points) add_point(json, point);
  json.close(']');
  json.close('}');
  return json_answer(json.take());
}

}  // namespace tallygate::api
