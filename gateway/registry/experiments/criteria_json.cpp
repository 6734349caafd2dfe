#include "gateway/registry/experiments/criteria_json.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <string>

#include "config/yaml/scalars.h"

namespace tallygate::registry {
namespace {

namespace json = boost::json;
using router::Criteria;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Read = Result<void>;

constexpr double kMaxSeconds = 365.0 * 86'400;
constexpr std::size_t kMaxMetricBytes = 256;
constexpr std::size_t kMaxStages = 20;

Error wrong(std::string_view key, const std::string& expected) {
  const std::string path = "criteria." + std::string(key);
  return make_error(Errc::invalid_parameter, path + " is " + expected + ".", path);
}

Result<double> number_in(std::string_view key, const json::value& value, double min, double max) {
  boost::system::error_code failed;
  const double number = value.to_number<double>(failed);
  if (failed || !(number >= min && number <= max)) {
    return wrong(key, "a number from " + config::yaml::render_number(min) + " to " +
                          config::yaml::render_number(max));
  }
  return number;
}

Result<seconds> duration_in(std::string_view key, const json::value& value) {
  double span = -1;
  if (value.is_string()) {
    const auto parsed = config::yaml::parse_duration(value.get_string());
    if (parsed) span = std::ceil(static_cast<double>(parsed->count()) / 1000);
  } else if (value.is_number()) {
    span = std::ceil(value.to_number<double>());
  }
  if (!(span >= 0 && span <= kMaxSeconds)) {
    return wrong(key, "a duration such as \"90s\", \"12h\" or \"7d\", at most 365d");
  }
  return seconds(static_cast<std::int64_t>(span));
}

Read read_min_requests(std::string_view key, const json::value& value, Criteria& out) {
  const auto number = number_in(key, value, 0, 1e9);
  if (!number || *number != std::floor(*number)) {
    return wrong(key, "a whole number from 0 to 1000000000");
  }
  out.min_requests = static_cast<std::uint64_t>(*number);
  return {};
}

Read read_max_latency(std::string_view key, const json::value& value, Criteria& out) {
  const auto number = number_in(key, value, 0.001, 86'400'000);
  if (!number) return number.error();
  out.max_latency_ms = milliseconds(static_cast<std::int64_t>(std::ceil(*number)));
  return {};
}

struct Range {
  double min;
  double max;
};
constexpr Range kErrorRate{0.0001, 0.9999};
constexpr Range kQuantile{0.5, 0.9999};
constexpr Range kImprovement{-1, 1000};
constexpr Range kAbsolute{-1e12, 1e12};

template <auto member, const Range& range>
Read read_number(std::string_view key, const json::value& value, Criteria& out) {
  const auto number = number_in(key, value, range.min, range.max);
  if (!number) return number.error();
  out.*member = *number;
  return {};
}

template <seconds Criteria::*member>
Read read_duration(std::string_view key, const json::value& value, Criteria& out) {
  const auto span = duration_in(key, value);
  if (!span) return span.error();
  out.*member = *span;
  return {};
}

Read read_metric(std::string_view key, const json::value& value, Criteria& out) {
  const auto* text = value.if_string();
  const bool fits = text != nullptr && !text->empty() && text->size() <= kMaxMetricBytes &&
                    std::string_view(*text).find_first_of(" \t\r\n@$") == std::string_view::npos;
  if (!fits) return wrong(key, "the name of a metric: error_rate, latency, ttft, cost or your own");
  out.metric = *text;
  return {};
}

Read read_auto_complete(std::string_view key, const json::value& value, Criteria& out) {
  if (!value.is_bool()) return wrong(key, "true or false");
  out.auto_complete = value.get_bool();
  return {};
}

Read read_rollout(std::string_view key, const json::value& value, Criteria& out) {
  const std::string expected =
      "a list of 1 to 20 ascending percentages from 0.01 to 100, such as [1, 5, 25, 50, 100]";
  const auto* list = value.if_array();
  if (list == nullptr || list->empty() || list->size() > kMaxStages) return wrong(key, expected);
  out.rollout.clear();
  for (const json::value& stage : *list) {
    const auto percent = number_in(key, stage, 0.01, 100);
    const bool ascends = out.rollout.empty() || (percent && *percent > out.rollout.back());
    if (!percent || !ascends) return wrong(key, expected);
    out.rollout.push_back(*percent);
  }
  return {};
}

struct Key {
  std::string_view name;
  Read (*read)(std::string_view key, const json::value& value, Criteria& out);
};
constexpr std::array kKeys{
    Key{"min_requests", read_min_requests},
    Key{"max_error_rate", read_number<&Criteria::max_error_rate, kErrorRate>},
    Key{"max_latency_ms", read_max_latency},
    Key{"latency_quantile", read_number<&Criteria::latency_quantile, kQuantile>},
    Key{"metric", read_metric},
    Key{"min_improvement", read_number<&Criteria::min_improvement, kImprovement>},
    Key{"min_improvement_absolute", read_number<&Criteria::min_improvement_absolute, kAbsolute>},
    Key{"min_duration", read_duration<&Criteria::min_duration>},
    Key{"max_duration", read_duration<&Criteria::max_duration>},
    Key{"auto_complete", read_auto_complete},
    Key{"rollout", read_rollout},
};

Error unknown_key(std::string_view name) {
  std::string known;
  for (const Key& key : kKeys) known.append(known.empty() ? "" : ", ").append(key.name);
  const std::string path = "criteria." + std::string(name.substr(0, 100));
  return make_error(Errc::invalid_parameter, path + " is not known. Known: " + known + ".", path);
}

std::string duration_text(seconds span) { return config::yaml::render_duration(span); }

}  // namespace

Result<Criteria> criteria_of(const json::object& object) {
  Criteria criteria;
  for (const auto& member : object) {
    const auto* key = std::find_if(kKeys.begin(), kKeys.end(),
                                   [&](const Key& each) { return each.name == member.key(); });
    if (key == kKeys.end()) return unknown_key(member.key());
    const json::value& value = member.value();
    if (value.is_null()) continue;
    const Read read = key->read(key->name, value, criteria);
    if (read.has_error()) return read.error();
  }
  if (criteria.max_duration.count() > 0 && criteria.min_duration > criteria.max_duration) {
    return wrong("min_duration", "at most max_duration, which is " +
                                     duration_text(criteria.max_duration) + " here");
  }
  return criteria;
}

Result<Criteria> parse_criteria(std::string_view text) {
  if (text.empty()) return Criteria{};
  boost::system::error_code failed;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), failed);
  if (failed || !value.is_object()) {
    return make_error(Errc::invalid_json, "criteria is a JSON object.", "criteria");
  }
  return criteria_of(value.get_object());
}

json::object criteria_json(const Criteria& criteria) {
  json::object out;
  out["min_requests"] = criteria.min_requests;
  if (criteria.max_error_rate) out["max_error_rate"] = *criteria.max_error_rate;
  if (criteria.max_latency_ms) out["max_latency_ms"] = criteria.max_latency_ms->count();
  out["latency_quantile"] = criteria.latency_quantile;
  out["metric"] = criteria.metric;
  if (criteria.min_improvement) out["min_improvement"] = *criteria.min_improvement;
  if (criteria.min_improvement_absolute) {
    out["min_improvement_absolute"] = *criteria.min_improvement_absolute;
  }
  if (criteria.min_duration.count() > 0) out["min_duration"] = duration_text(criteria.min_duration);
  if (criteria.max_duration.count() > 0) out["max_duration"] = duration_text(criteria.max_duration);
  out["auto_complete"] = criteria.auto_complete;
  if (!criteria.rollout.empty()) {
    out["rollout"] = json::array(criteria.rollout.begin(), criteria.rollout.end());
  }
  return out;
}

}  // namespace tallygate::registry
