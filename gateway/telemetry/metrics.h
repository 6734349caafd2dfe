#pragma once
// What one worker counts. Each worker owns a WorkerMetrics and is its only writer; exposition.h
// reads all of them from another thread while they are written. A call costs one look-up in a
// small map and a few plain increments; only the first sight of a set of labels takes a lock.
//
// Labels come from the configuration and from closed tables, never from clients' bytes. A metric
// has at most kMaxSeries sets of labels in the whole process; what comes later is counted under
// otel_metric_overflow="true".

#include <cstdint>
#include <memory>
#include <string_view>

#include "config/settings.h"
#include "gateway/telemetry/chunk_gaps.h"
#include "router/record.h"

namespace tallygate::telemetry {

inline constexpr std::size_t kMaxSeries = 2000;

/// Which sets of labels were admitted; one for all workers of a process. Thread-safe.
class SeriesLimit;
std::shared_ptr<SeriesLimit> make_series_limit();

/// A finished HTTP request on the data listener.
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

/// One attempt on an upstream, from its request's first byte to the end of the answer.
struct AttemptSample {
  router::NameId server_address = 0;
  std::uint16_t server_port = 0;
  std::uint16_t status = 0;  ///< 0 = none came
  std::string_view error;    ///< error.type: the code of the Errc or the status as text; "" = none;
                             ///< static storage
  std::uint64_t duration_us = 0;
};

/// What is needed beside the Record for one inference. Read from the record: names, outcome, error,
/// latency, first token, overhead, tokens.
struct GenAiSample {
  const router::Record* record = nullptr;
  config::Protocol protocol = config::Protocol::openai;
  std::string_view operation;         ///< gen_ai.operation.name: chat, text_completion, embeddings,
                                      ///< ...; static storage
  router::NameId server_address = 0;  ///< 0 = no target was reached
  std::uint16_t server_port = 0;
  router::NameId upstream_model = 0;  ///< the model that answered, 0 = none did
  router::NameId variant_name = 0;
  const ChunkGaps* gaps = nullptr;  ///< streams only
};

class WorkerMetrics {
 public:
  explicit WorkerMetrics(std::shared_ptr<SeriesLimit> limit);
  ~WorkerMetrics();

  void count_http(const HttpSample& sample);
  void count_attempt(const AttemptSample& sample);
  void count_inference(const GenAiSample& sample);
  /// A request refused before a route was known, by error code.
  void count_rejected(Errc code);
  /// An answer released before its record was committed.
  void count_unacknowledged();
  /// A request of which no candidate was usable, so that a benched one is tried.
  void count_degraded();
  /// A kept connection that its target had closed was replaced, unnoticed by the client.
  void count_reused_reset();
  /// A copy of a request for another version was sent, or left out since there was no room.
  void count_mirror(bool sent);
  void count_upstream_connect(bool ok, std::uint64_t duration_us);

  /// +1 when a request's head is complete, -1 when its answer ended.
  void add_active_requests(std::string_view method, bool tls, std::int64_t change);
  // Absolute; from the coarse tick rather than for each request.
  void set_open_client_connections(std::int64_t n);
  /// Answers of this worker wait for their record.
  void set_answers_wait(bool wait);
  bool answers_wait() const;
  void set_upstream_connections(router::NameId server_address, std::uint16_t server_port,
                                std::int64_t active, std::int64_t idle);

  struct Tables;  ///< tables.h
  const Tables& tables() const { return *tables_; }

 private:
  std::unique_ptr<Tables> tables_;
};

}  // namespace tallygate::telemetry
