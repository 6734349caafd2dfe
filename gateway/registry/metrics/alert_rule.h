#pragma once
// A standing alert on a metric of a model type (kind "alert"), with the state it is in, so that a
// restart neither fires again nor forgets. Pure.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/catalog/catalog.h"

namespace tallygate::registry {

inline constexpr std::string_view kAlertKind = "alert";
inline constexpr std::size_t kMaxAlerts = 200;
inline constexpr std::chrono::seconds kMinAlertWindow{60};
inline constexpr std::chrono::seconds kMaxAlertWindow{std::chrono::days{30}};

/// These two are of the live traffic; every other metric type is read from metric documents.
inline constexpr std::string_view kErrorRate = "error_rate";    ///< 0..1
inline constexpr std::string_view kLatencyP95 = "latency_p95";  ///< milliseconds
inline bool is_live_metric(std::string_view type) {
  return type == kErrorRate || type == kLatencyP95;
}

enum class AlertPhase : std::uint8_t {
  quiet,
  firing,
  clearing,  ///< still fired; beyond the clear threshold since AlertState::since
};
std::string_view to_string(AlertPhase phase);
std::optional<AlertPhase> parse_alert_phase(std::string_view text);

struct AlertState {
  AlertPhase phase = AlertPhase::quiet;
  WallTime since{};  ///< when this phase began
  std::uint64_t firings = 0;
  std::optional<WallTime> fired_at;  ///< the last time
  std::optional<WallTime> cleared_at;
  std::optional<double> value;   ///< at the last change of phase
  std::string model_version_id;  ///< whose value it was; empty = the model type's
  bool operator==(const AlertState&) const = default;
};

struct AlertRule {
  std::string id;
  std::string metric_type;
  std::string model_type;
  bool is_below = true;  ///< fires below the threshold, else above it
  double threshold = 0;
  double clear = 0;  ///< clears at this or better; as `threshold` if none was given
  std::chrono::seconds window{3600};
  std::string webhook_url;     ///< empty = none
  std::string secret_ref;      ///< "env:NAME" or "file:PATH"
  bool allow_private = false;  ///< the receiver's address may be private or loopback
  AlertState state;
  std::uint64_t revision = 0;
  WallTime created{};
  WallTime updated{};
};

/// Errors: rule_broken, naming the rule and the field.
Result<void> check_alert(const AlertRule& rule);

std::string to_body(const AlertRule& rule);
/// Errors: storage_corrupt.
Result<AlertRule> alert_of(const store::Document& document);
std::vector<std::string> index_keys_of(const AlertRule& rule);

}  // namespace tallygate::registry
