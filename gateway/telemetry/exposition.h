#pragma once
// All metrics as Prometheus text or OpenMetrics. Control thread or its pool; never a worker.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/telemetry/metrics.h"
#include "gateway/telemetry/negotiate.h"
#include "store/journal/journal.h"
#include "store/journal/names.h"
#include "store/store_health.h"

namespace tallygate::telemetry {

/// What control does beside answering.
struct ControlSample {
  std::uint64_t webhooks_delivered = 0;
  std::uint64_t webhooks_dropped = 0;
  std::uint64_t webhook_failed_tries = 0;
  std::uint64_t webhooks_waiting = 0;
  std::uint64_t events = 0;  ///< published since the start
  std::uint64_t event_readers = 0;
  std::uint64_t admin_connections = 0;
  std::uint64_t admin_failed_logins = 0;
  double data_certificate_expiry = 0;  ///< Unix time; 0 = no certificate
  double admin_certificate_expiry = 0;
};

/// A target that is routed to.
struct TargetSample {
  std::string_view name;
  std::string_view state;      ///< one of kTargetStates
  std::uint32_t refusals = 0;  ///< of our credential or model, since the last success
};
/// Those of docs/blacklist.md; open = sent what it is planned for.
inline constexpr std::array<std::string_view, 4> kTargetStates{"open", "benched", "recovering",
                                                               "cooling"};

/// Process-wide values that are not per worker.
struct ProcessSample {
  store::JournalStatus journal;
  store::CatalogStatus catalog;
  ControlSample control;
  std::vector<TargetSample> targets;
  std::string version;
  std::uint64_t config_generation = 0;
  bool last_reload_ok = true;
  double last_reload_seconds = 0;  ///< Unix time of the last good one
  double start_seconds = 0;        ///< Unix time
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t max_descriptors = 0;
  double cpu_seconds = 0;
};

/// Sums the workers' tables and renders all families. Series without a count are left out.
std::string render_metrics(const std::vector<const WorkerMetrics*>& workers,
                           const ProcessSample& process, const store::Names& names, Format format);

}  // namespace tallygate::telemetry
