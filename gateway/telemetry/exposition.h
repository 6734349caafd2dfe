#pragma once
// All metrics as Prometheus text or OpenMetrics. Control thread or its pool; never a worker.

#include <cstdint>
#include <string>
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

/// Process-wide values that are not per worker.
struct ProcessSample {
  store::JournalStatus journal;
  store::CatalogStatus catalog;
  ControlSample control;
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
