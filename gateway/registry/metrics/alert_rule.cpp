#include "gateway/registry/metrics/alert_rule.h"

#include <cmath>

#include "config/url.h"
#include "gateway/registry/host_rules.h"
#include "gateway/registry/metrics/metric_document.h"
#include "store/catalog/stored_json.h"

namespace tallygate::registry {
namespace {

namespace json = boost::json;
using store::count_of;
using store::flag_of;
using store::number_of;
using store::read_stored;
using store::text_of;
using store::time_of;

Error broken(std::string message, std::string param) {
  return make_error(Errc::rule_broken, std::move(message), std::move(param));
}

/// Senders of webhooks often carry a token in the query, which targets may not have.
Result<void> check_webhook(const AlertRule& rule) {
  if (rule.webhook_url.empty()) return {};
  if (auto problem = config::problem_of_url(rule.webhook_url, config::Query::allowed)) {
    return broken("The URL " + *problem + ".", "webhook.url");
  }
  if (auto allowed = check_host(rule.webhook_url, rule.allow_private, "webhook.url"); !allowed) {
    return allowed;
  }
  const std::string_view secret = rule.secret_ref;
  if (!(secret.starts_with("env:") && secret.size() > 4) && !secret.starts_with("file:/")) {
    return broken("A webhook is signed: secretRef is env:NAME or file:/absolute/path.",
                  "webhook.secretRef");
  }
  return {};
}

json::value time_or_null(const std::optional<WallTime>& time) {
  if (!time) return nullptr;
  return micros_since_epoch(*time);
}

std::optional<WallTime> time_if_any(const json::object& body, std::string_view key) {
  if (body.at(key).is_null()) return std::nullopt;
  return time_of(body, key);
}

json::object json_of(const AlertState& state) {
  json::object body{{"phase", to_string(state.phase)},
                    {"since", micros_since_epoch(state.since)},
                    {"firings", state.firings},
                    {"firedAt", time_or_null(state.fired_at)},
                    {"clearedAt", time_or_null(state.cleared_at)},
                    {"value", nullptr},
                    {"modelVersionId", state.model_version_id}};
  if (state.value) body["value"] = *state.value;
  return body;
}

AlertState state_of(const json::object& body) {
  AlertState state;
  state.phase = parse_alert_phase(text_of(body, "phase")).value();
  state.since = time_of(body, "since");
  state.firings = count_of(body, "firings");
  state.fired_at = time_if_any(body, "firedAt");
  state.cleared_at = time_if_any(body, "clearedAt");
  if (!body.at("value").is_null()) state.value = number_of(body, "value");
  state.model_version_id = text_of(body, "modelVersionId");
  return state;
}

}  // namespace

std::string_view to_string(AlertPhase phase) {
  switch (phase) {
    case AlertPhase::quiet: return "quiet";
    case AlertPhase::firing: return "firing";
    case AlertPhase::clearing: return "clearing";
  }
  return "";
}

std::optional<AlertPhase> parse_alert_phase(std::string_view text) {
  for (const AlertPhase phase : {AlertPhase::quiet, AlertPhase::firing, AlertPhase::clearing}) {
    if (text == to_string(phase)) return phase;
  }
  return std::nullopt;
}

Result<void> check_alert(const AlertRule& rule) {
  const std::string side = rule.is_below ? "below" : "above";
  if (!std::isfinite(rule.threshold)) return broken(side + " is a finite number.", side);
  if (!std::isfinite(rule.clear)) return broken("clear is a finite number.", "clear");
  if (is_ratio(rule.metric_type) && (rule.threshold < 0 || rule.threshold > 1)) {
    return broken(rule.metric_type + " is a ratio: " + side + " is from 0 to 1.", side);
  }
  if (rule.is_below ? rule.clear < rule.threshold : rule.clear > rule.threshold) {
    return broken(
        "clear is on the good side of the threshold: with below at least it, with above "
        "at most it.",
        "clear");
  }
  if (rule.window < kMinAlertWindow || rule.window > kMaxAlertWindow) {
    return broken("window is from 1m to 30d.", "window");
  }
  return check_webhook(rule);
}

std::string to_body(const AlertRule& rule) {
  return json::serialize(json::object{{"metricType", rule.metric_type},
                                      {"modelType", rule.model_type},
                                      {"isBelow", rule.is_below},
                                      {"threshold", rule.threshold},
                                      {"clear", rule.clear},
                                      {"windowSeconds", rule.window.count()},
                                      {"webhookUrl", rule.webhook_url},
                                      {"secretRef", rule.secret_ref},
                                      {"allowPrivate", rule.allow_private},
                                      {"state", json_of(rule.state)}});
}

Result<AlertRule> alert_of(const store::Document& document) {
  return read_stored<AlertRule>(document, [&](const json::object& body) {
    AlertRule rule;
    rule.id = document.id;
    rule.metric_type = text_of(body, "metricType");
    rule.model_type = text_of(body, "modelType");
    rule.is_below = body.at("isBelow").as_bool();
    rule.threshold = number_of(body, "threshold");
    rule.clear = number_of(body, "clear");
    rule.window = std::chrono::seconds(body.at("windowSeconds").to_number<std::int64_t>());
    rule.webhook_url = text_of(body, "webhookUrl");
    rule.secret_ref = text_of(body, "secretRef");
    rule.allow_private = flag_of(body, "allowPrivate");
    rule.state = state_of(body.at("state").as_object());
    rule.revision = document.revision;
    rule.created = document.created;
    rule.updated = document.updated;
    return rule;
  });
}

std::vector<std::string> index_keys_of(const AlertRule& rule) {
  return {"modelType=" + rule.model_type, "metricType=" + rule.metric_type,
          std::string("state=") + (rule.state.phase == AlertPhase::quiet ? "quiet" : "fired")};
}

}  // namespace tallygate::registry
