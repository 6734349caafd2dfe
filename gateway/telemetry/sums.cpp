#include "gateway/telemetry/sums.h"

#include "gateway/telemetry/page.h"

namespace tallygate::telemetry {
namespace {

constexpr std::string_view kOverflow = R"(otel_metric_overflow="true")";

std::uint64_t load(const Counter& cell) { return cell.load(std::memory_order_relaxed); }
std::int64_t load(const Gauge& cell) { return cell.load(std::memory_order_relaxed); }

std::string_view provider_of(config::Protocol protocol) {
  switch (protocol) {
    case config::Protocol::openai: return "openai";
    case config::Protocol::anthropic: return "anthropic";
  }
  return {};
}

std::string_view error_text(std::uint8_t error) {
  return error == kNoError ? std::string_view() : traits_of(static_cast<Errc>(error)).code;
}

LabelText labels_of(const InferenceLabels& labels, const store::Names& names) {
  LabelText text;
  text.add("gen_ai_operation_name", labels.operation)
      .add("gen_ai_provider_name", provider_of(labels.protocol))
      .add("gen_ai_request_model", names.text(labels.route))
      .add("gen_ai_original_model", names.text(labels.route))
      .add("gen_ai_response_model", names.text(labels.upstream_model))
      .add("server_address", names.text(labels.server_address))
      .add("server_port", labels.server_port)
      .add("tallygate_model_version", names.text(labels.version))
      .add("tallygate_experiment_name", names.text(labels.experiment))
      .add("tallygate_experiment_arm", names.text(labels.variant_name));
  return text;
}

std::string text_of(const HttpLabels& labels) {
  return LabelText()
      .add("http_request_method", labels.method)
      .add("url_scheme", labels.tls ? "https" : "http")
      .add("http_response_status_code", labels.status)
      .add("http_route", labels.route)
      .add("error_type", labels.error)
      .text();
}

LabelText server_labels(const AttemptLabels& labels, const store::Names& names) {
  LabelText text;
  text.add("server_address", names.text(labels.server_address))
      .add("server_port", labels.server_port);
  return text;
}

void add_inference(const WorkerMetrics::Tables& tables, const store::Names& names, Sums& sums) {
  tables.inference.for_each([&](const auto& node) {
    LabelText labels = labels_of(node.labels, names);
    AnswerSums& answer = sums.answers[node.overflow ? std::string(kOverflow) : labels.text()];
    node.values.input_tokens.add_to(answer.input_tokens);
    node.values.output_tokens.add_to(answer.output_tokens);
    node.values.first_chunk.add_to(answer.first_chunk);
    node.values.output_chunk.add_to(answer.output_chunk);
    node.values.first_token.add_to(answer.first_token);
    node.values.output_token.add_to(answer.output_token);
    labels.add("error_type", error_text(node.labels.error));
    node.values.duration.add_to(
        sums.durations[node.overflow ? std::string(kOverflow) : labels.text()]);
  });
}

void add_http(const WorkerMetrics::Tables& tables, const store::Names& names, Sums& sums) {
  tables.http.for_each([&](const auto& node) {
    HttpSums& http = sums.http[node.overflow ? std::string(kOverflow) : text_of(node.labels)];
    node.values.duration.add_to(http.duration);
    node.values.request_body.add_to(http.request_body);
    node.values.response_body.add_to(http.response_body);
  });
  tables.attempt.for_each([&](const auto& node) {
    LabelText labels;
    labels.add("http_request_method", "POST");
    labels.add("server_address", names.text(node.labels.server_address))
        .add("server_port", node.labels.server_port)
        .add("http_response_status_code", node.labels.status)
        .add("error_type", node.labels.error);
    node.values.duration.add_to(
        sums.attempts[node.overflow ? std::string(kOverflow) : labels.text()]);
  });
  tables.connections.for_each([&](const auto& node) {
    ConnectionSums& connections =
        sums.connections[node.overflow ? std::string(kOverflow)
                                       : server_labels(node.labels, names).text()];
    connections.active += load(node.values.active);
    connections.idle += load(node.values.idle);
  });
}

void add_scalars(const WorkerMetrics::Tables& tables, Sums& sums) {
  for (std::size_t tls = 0; tls < tables.active_requests.size(); ++tls) {
    for (std::size_t i = 0; i < kMethods.size(); ++i) {
      const std::string labels = LabelText()
                                     .add("http_request_method", kMethods[i])
                                     .add("url_scheme", tls != 0 ? "https" : "http")
                                     .text();
      sums.active_requests[labels] += load(tables.active_requests[tls][i]);
    }
  }
  for (std::size_t i = 0; i < tables.rejected.size(); ++i) {
    const auto code = traits_of(static_cast<Errc>(i)).code;
    sums.rejected[LabelText().add("code", code).text()] += load(tables.rejected[i]);
  }
  tables.overhead.add_to(sums.overhead);
  tables.connects[0].add_to(sums.connects[0]);
  tables.connects[1].add_to(sums.connects[1]);
  sums.unacknowledged += load(tables.unacknowledged);
  sums.degraded += load(tables.degraded);
  sums.reused_resets += load(tables.reused_resets);
  sums.mirrored += load(tables.mirrored);
  sums.mirrors_left_out += load(tables.mirrors_left_out);
  sums.client_connections += load(tables.client_connections);
  sums.answers_do_not_wait += load(tables.answers_do_not_wait);
}

}  // namespace

Sums sum_up(const std::vector<const WorkerMetrics*>& workers, const store::Names& names) {
  Sums sums;
  for (const WorkerMetrics* worker : workers) {
    add_inference(worker->tables(), names, sums);
    add_http(worker->tables(), names, sums);
    add_scalars(worker->tables(), sums);
  }
  return sums;
}

}  // namespace tallygate::telemetry
