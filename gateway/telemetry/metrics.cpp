#include "gateway/telemetry/metrics.h"

#include <utility>

#include "gateway/telemetry/tables.h"

namespace tallygate::telemetry {
namespace {

std::uint64_t address_of(std::string_view text) {
  return reinterpret_cast<std::uintptr_t>(text.data());
}

std::uint64_t pack(std::uint32_t high, std::uint32_t low) {
  return std::uint64_t{high} << 32 | low;
}

std::size_t index_of_method(std::string_view method) {
  std::size_t index = 0;
  while (index + 1 < kMethods.size() && kMethods[index] != method) ++index;
  return index;
}

std::uint8_t error_of(const router::Record& record) {
  return record.outcome == router::Outcome::ok ? kNoError : static_cast<std::uint8_t>(record.error);
}

void record_answer(const router::Record& record, InferenceValues& values) {
  if (record.input_tokens != 0) values.input_tokens.record(record.input_tokens);
  if (record.output_tokens != 0) values.output_tokens.record(record.output_tokens);
  if (!record.streamed || record.first_token_us == 0) return;
  values.first_chunk.record(record.first_token_us);
  if (record.outcome != router::Outcome::ok) return;
  values.first_token.record(record.first_token_us);
  if (record.output_tokens < 2 || record.latency_us < record.first_token_us) return;
  values.output_token.record((record.latency_us - record.first_token_us) /
                             (record.output_tokens - 1));
}

}  // namespace

std::shared_ptr<SeriesLimit> make_series_limit() { return std::make_shared<SeriesLimit>(); }

WorkerMetrics::WorkerMetrics(std::shared_ptr<SeriesLimit> limit)
    : tables_(std::make_unique<Tables>(std::move(limit))) {}
WorkerMetrics::~WorkerMetrics() = default;

void WorkerMetrics::count_http(const HttpSample& sample) {
  const SeriesKey key{address_of(sample.method), address_of(sample.route), address_of(sample.error),
                      pack(sample.status, sample.tls ? 1 : 0), 0};
  HttpValues& values = tables_->http.at(key, [&] {
    return HttpLabels{sample.method, sample.route, sample.error, sample.status, sample.tls};
  });
  values.duration.record(sample.duration_us);
  values.request_body.record(sample.request_bytes);
  values.response_body.record(sample.response_bytes);
}

void WorkerMetrics::count_attempt(const AttemptSample& sample) {
  const SeriesKey key{sample.server_address, pack(sample.server_port, sample.status),
                      address_of(sample.error), 0, 0};
  AttemptValues& values = tables_->attempt.at(key, [&] {
    return AttemptLabels{sample.server_address, sample.server_port, sample.status, sample.error};
  });
  values.duration.record(sample.duration_us);
}

void WorkerMetrics::count_inference(const GenAiSample& sample) {
  const router::Record& record = *sample.record;
  const std::uint8_t error = error_of(record);
  const auto protocol = static_cast<std::uint32_t>(sample.protocol);
  const SeriesKey key{
      pack(record.route, record.served_version), pack(record.experiment, sample.variant_name),
      pack(sample.server_address, sample.upstream_model),
      pack(sample.server_port, protocol << 8 | error), address_of(sample.operation)};
  InferenceValues& values = tables_->inference.at(key, [&] {
    return InferenceLabels{record.route,        record.served_version, record.experiment,
                           sample.variant_name, sample.server_address, sample.upstream_model,
                           sample.server_port,  sample.protocol,       error,
                           sample.operation};
  });
  values.duration.record(record.latency_us);
  record_answer(record, values);
  if (sample.gaps != nullptr) values.output_chunk.merge(sample.gaps->counts, sample.gaps->sum_us);
  tables_->overhead.record(record.overhead_us);
}

void WorkerMetrics::count_rejected(Errc code) {
  add_relaxed<std::uint64_t>(tables_->rejected[static_cast<std::size_t>(code)], 1);
}

void WorkerMetrics::count_degraded() { add_relaxed<std::uint64_t>(tables_->degraded, 1); }
void WorkerMetrics::count_reused_reset() { add_relaxed<std::uint64_t>(tables_->reused_resets, 1); }

void WorkerMetrics::count_mirror(bool sent) {
  add_relaxed<std::uint64_t>(sent ? tables_->mirrored : tables_->mirrors_left_out, 1);
}

void WorkerMetrics::count_unacknowledged() {
  add_relaxed<std::uint64_t>(tables_->unacknowledged, 1);
}

void WorkerMetrics::count_upstream_connect(bool ok, std::uint64_t duration_us) {
  tables_->connects[ok ? 1 : 0].record(duration_us);
}

void WorkerMetrics::add_active_requests(std::string_view method, bool tls, std::int64_t change) {
  add_relaxed(tables_->active_requests[tls ? 1 : 0][index_of_method(method)], change);
}

void WorkerMetrics::set_answers_wait(bool wait) {
  tables_->answers_do_not_wait.store(wait ? 0 : 1, std::memory_order_relaxed);
}

bool WorkerMetrics::answers_wait() const {
  return tables_->answers_do_not_wait.load(std::memory_order_relaxed) == 0;
}

void WorkerMetrics::set_open_client_connections(std::int64_t n) {
  tables_->client_connections.store(n, std::memory_order_relaxed);
}

void WorkerMetrics::set_upstream_connections(router::NameId server_address,
                                             std::uint16_t server_port, std::int64_t active,
                                             std::int64_t idle) {
  const SeriesKey key{server_address, server_port, 0, 0, 0};
  ConnectionValues& values = tables_->connections.at(key, [&] {
    return AttemptLabels{server_address, server_port, 0, {}};
  });
  values.active.store(active, std::memory_order_relaxed);
  values.idle.store(idle, std::memory_order_relaxed);
}

}  // namespace tallygate::telemetry
