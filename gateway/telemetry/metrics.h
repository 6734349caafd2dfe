#pragma once
// Metric tables. Each worker owns a WorkerMetrics and writes it without locks (relaxed atomics, one
// writer); control reads all of them and renders. Series are created from small fixed label sets,
// at most kMaxSeries per metric, then everything goes to an `otel_metric_overflow="true"` series.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "router/record.h"
#include "store/journal.h"
#include "store/names.h"

namespace tallygate::telemetry {

/// What a finished HTTP request on the data listener is counted as.
struct HttpSample {
  std::string_view method;  ///< known method, else "_OTHER"; static storage
  std::string_view route;   ///< route template, "" = unknown path; static storage
  std::uint16_t status = 0;
  bool tls = false;
  std::string_view error;  ///< error.type, "" = none; static storage
  std::uint64_t duration_us = 0;
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
};

/// What the table needs beside the Record for one inference.
struct GenAiSample {
  const router::Record* record = nullptr;
  config::Protocol protocol = config::Protocol::openai;
  std::string_view operation;  ///< gen_ai.operation.name: chat, text_completion, embeddings, ...
  router::NameId server_address = 0;
  std::uint16_t server_port = 0;
  router::NameId upstream_model = 0;
  router::NameId variant_name = 0;
};

class WorkerMetrics {
 public:
  WorkerMetrics();
  ~WorkerMetrics();

  void count_http(const HttpSample& sample);
  void count_inference(const GenAiSample& sample);
  /// One chunk after the first: time since the one before.
  void count_output_chunk(std::uint64_t gap_us);
  /// A request refused before a route was known, by error code.
  void count_rejected(Errc code);
  void count_unacknowledged();

  // Gauges, absolute.
  void set_open_client_connections(std::int64_t n);
  void set_active_requests(std::int64_t n);
  void set_upstream_connections(std::int64_t active, std::int64_t idle);
  void count_upstream_connect(bool ok, std::uint64_t duration_us);

 private:
  friend class Exposition;
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

enum class Format : std::uint8_t { text_0_0_4, text_1_0_0, openmetrics_0_0_1, openmetrics_1_0_0 };

/// Content negotiation on an Accept header: conventions.md section 2.
struct Negotiated {
  Format format = Format::text_0_0_4;
  std::string content_type;
};
Negotiated negotiate(std::string_view accept);

/// Process-wide values that are not per worker.
struct ProcessSample {
  store::JournalStatus journal;
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

/// Sums the workers' tables and renders all families. Control thread or its pool; never a worker.
std::string render_metrics(const std::vector<const WorkerMetrics*>& workers,
                           const ProcessSample& process, const store::Names& names, Format format);

}  // namespace tallygate::telemetry
