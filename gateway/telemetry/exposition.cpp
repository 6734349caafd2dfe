#include "gateway/telemetry/exposition.h"

#include "gateway/telemetry/page.h"
#include "gateway/telemetry/sums.h"

namespace tallygate::telemetry {
namespace {

std::string joined(const std::string& labels, const std::string& more) {
  return labels.empty() ? more : labels + "," + more;
}

/// One histogram per entry of `sums` that has counts; `of` picks it.
template <class T, class Of>
void write_histograms(Page& page, std::string_view name, std::string_view unit,
                      std::string_view help, const ByLabels<T>& sums, Of&& of) {
  page.family(name, Kind::histogram, unit, help);
  for (const auto& [labels, entry] : sums) {
    if (of(entry).count() != 0) page.histogram(labels, of(entry));
  }
}

void write_gen_ai(Page& page, const Sums& sums) {
  page.family("gen_ai_client_token_usage", Kind::histogram, "",
              "Number of input and output tokens used.");
  for (const auto& [labels, answer] : sums.answers) {
    if (answer.input_tokens.count() != 0) {
      page.histogram(joined(labels, R"(gen_ai_token_type="input")"), answer.input_tokens);
    }
    if (answer.output_tokens.count() != 0) {
      page.histogram(joined(labels, R"(gen_ai_token_type="output")"), answer.output_tokens);
    }
  }
  const auto itself = [](const auto& entry) -> const auto& { return entry; };
  write_histograms(page, "gen_ai_client_operation_duration_seconds", "seconds",
                   "GenAI operation duration.", sums.durations, itself);
  write_histograms(
      page, "gen_ai_client_operation_time_to_first_chunk_seconds", "seconds",
      "Time to receive the first chunk of a streamed answer.", sums.answers,
      [](const auto& answer) -> const auto& { return answer.first_chunk; });
  write_histograms(
      page, "gen_ai_client_operation_time_per_output_chunk_seconds", "seconds",
      "Time between the chunks of a streamed answer.", sums.answers,
      [](const auto& answer) -> const auto& { return answer.output_chunk; });
  write_histograms(page, "gen_ai_server_request_duration_seconds", "seconds",
                   "Time to the last byte of an answer.", sums.durations, itself);
  write_histograms(
      page, "gen_ai_server_time_to_first_token_seconds", "seconds",
      "Time to the first token of successful streamed answers.", sums.answers,
      [](const auto& answer) -> const auto& { return answer.first_token; });
  write_histograms(
      page, "gen_ai_server_time_per_output_token_seconds", "seconds",
      "Time per output token after the first one of successful streamed answers.", sums.answers,
      [](const auto& answer) -> const auto& { return answer.output_token; });
}

void write_http(Page& page, const Sums& sums) {
  write_histograms(
      page, "http_server_request_duration_seconds", "seconds", "Duration of HTTP server requests.",
      sums.http, [](const auto& http) -> const auto& { return http.duration; });
  page.family("http_server_active_requests", Kind::gauge, "",
              "Number of active HTTP server requests.");
  for (const auto& [labels, active] : sums.active_requests) {
    if (active != 0 || labels.find("\"POST\"") != std::string::npos) page.sample(labels, active);
  }
  write_histograms(
      page, "http_server_request_body_size_bytes", "bytes", "Size of HTTP server request bodies.",
      sums.http, [](const auto& http) -> const auto& { return http.request_body; });
  write_histograms(
      page, "http_server_response_body_size_bytes", "bytes", "Size of HTTP server response bodies.",
      sums.http, [](const auto& http) -> const auto& { return http.response_body; });
  write_histograms(
      page, "http_client_request_duration_seconds", "seconds",
      "Duration of HTTP requests to upstreams.", sums.attempts,
      [](const auto& attempt) -> const auto& { return attempt; });
  page.family("http_client_open_connections", Kind::gauge, "",
              "Number of connections to upstreams that are active or idle.");
  for (const auto& [labels, connections] : sums.connections) {
    page.sample(joined(labels, R"(http_connection_state="active")"), connections.active);
    page.sample(joined(labels, R"(http_connection_state="idle")"), connections.idle);
  }
}

void write_gate(Page& page, const Sums& sums) {
  page.family("tallygate_overhead_seconds", Kind::histogram, "seconds",
              "Time inside the gate up to the response head.");
  page.histogram("", sums.overhead);
  page.family("tallygate_rejected_requests", Kind::counter, "",
              "Requests refused before a route was known, by error code.");
  for (const auto& [labels, count] : sums.rejected) {
    if (count != 0) page.sample(labels, count);
  }
  page.family("tallygate_unacknowledged_answers", Kind::counter, "",
              "Answers released before their record was committed.");
  page.sample("", sums.unacknowledged);
  page.family("tallygate_degraded_requests", Kind::counter, "",
              "Requests of which every target was benched or cooling down at the start.");
  page.sample("", sums.degraded);
  page.family("tallygate_upstream_reused_reset", Kind::counter, "",
              "Kept connections that broke before an answer began; the request was sent again.");
  page.sample("", sums.reused_resets);
  page.family("tallygate_mirrored_requests", Kind::counter, "",
              "Copies of requests for another version: sent, or left out for want of room.");
  page.sample(R"(outcome="sent")", sums.mirrored);
  page.sample(R"(outcome="left_out")", sums.mirrors_left_out);
  page.family("tallygate_workers_not_waiting", Kind::gauge, "",
              "Workers whose answers do not wait for their record, since three waited in vain.");
  page.sample("", sums.answers_do_not_wait);
  page.family("tallygate_client_connections", Kind::gauge, "", "Open client connections.");
  page.sample("", sums.client_connections);
  page.family("tallygate_upstream_connects", Kind::counter, "",
              "Attempts to open a connection to an upstream, by outcome.");
  page.sample(R"(outcome="error")", sums.connects[0].count());
  page.sample(R"(outcome="ok")", sums.connects[1].count());
  page.family("tallygate_upstream_connect_duration_seconds", Kind::histogram, "seconds",
              "Time to open a connection to an upstream, TLS included.");
  page.histogram(R"(outcome="error")", sums.connects[0]);
  page.histogram(R"(outcome="ok")", sums.connects[1]);
}

template <class T>
void write_one(Page& page, std::string_view name, Kind kind, std::string_view unit,
               std::string_view help, T value) {
  page.family(name, kind, unit, help);
  page.sample("", value);
}

void write_store(Page& page, const store::JournalStatus& journal,
                 const store::CatalogStatus& catalog) {
  write_one(page, "tallygate_journal_records", Kind::counter, "", "Records committed.",
            journal.committed);
  write_one(page, "tallygate_journal_dropped", Kind::counter, "",
            "Records never written, or lost: queue full, disk refused, or gone.", journal.dropped);
  write_one(page, "tallygate_journal_lost", Kind::counter, "",
            "Records that were committed and are not in the journal any more.", journal.lost);
  write_one(page, "tallygate_journal_reopened", Kind::counter, "",
            "Times that the journal was opened again after a failure.", journal.reopened);
  write_one(page, "tallygate_journal_stalls", Kind::counter, "",
            "Times that RocksDB began to put writes off.", journal.stalls);
  write_one(page, "tallygate_journal_batches", Kind::counter, "", "Groups committed.",
            journal.batches);
  write_one(page, "tallygate_journal_write_errors", Kind::counter, "", "Writes that failed.",
            journal.write_errors);
  write_one(page, "tallygate_journal_queued", Kind::gauge, "", "Records waiting to be written.",
            journal.queued);
  write_one(page, "tallygate_journal_degraded", Kind::gauge, "",
            "1 while writes fail or lag behind.", journal.degraded() ? 1 : 0);
  page.family("tallygate_store_trouble", Kind::gauge, "",
              "1 for what keeps a database from being written.");
  for (int i = 1; i < store::kStoreTroubleCount; ++i) {
    const auto trouble = static_cast<store::StoreTrouble>(i);
    for (const auto& [database, is] :
         {std::pair{"journal", journal.trouble}, {"catalog", catalog.trouble}}) {
      LabelText labels;
      labels.add("database", database).add("trouble", name_of(trouble));
      page.sample(labels.text(), is == trouble ? 1 : 0);
    }
  }
  write_one(page, "tallygate_catalog_write_errors", Kind::counter, "",
            "Transactions of the catalog that failed.", catalog.write_errors);
  write_one(page, "tallygate_catalog_reopened", Kind::counter, "",
            "Times that the catalog was opened again after a failure.", catalog.reopened);
}

void write_control(Page& page, const ControlSample& control) {
  page.family("tallygate_webhooks", Kind::counter, "", "Webhook messages, by how they ended.");
  page.sample(R"(outcome="delivered")", control.webhooks_delivered);
  page.sample(R"(outcome="dropped")", control.webhooks_dropped);
  write_one(page, "tallygate_webhook_failed_tries", Kind::counter, "",
            "Tries to send a webhook message that failed.", control.webhook_failed_tries);
  write_one(page, "tallygate_webhooks_waiting", Kind::gauge, "",
            "Webhook messages that wait to be sent.", control.webhooks_waiting);
  write_one(page, "tallygate_events", Kind::counter, "", "Events shown at /-/events.",
            control.events);
  write_one(page, "tallygate_event_readers", Kind::gauge, "", "Open streams of /-/events.",
            control.event_readers);
  write_one(page, "tallygate_admin_connections", Kind::gauge, "",
            "Open connections of the admin listener.", control.admin_connections);
  write_one(page, "tallygate_admin_failed_logins", Kind::counter, "",
            "Requests with a wrong admin token, or refused after too many.",
            control.admin_failed_logins);
  page.family("tallygate_tls_certificate_expiry_timestamp_seconds", Kind::gauge, "seconds",
              "When the certificate of a listener ends.");
  if (control.data_certificate_expiry > 0) {
    page.sample(R"(listener="data")", control.data_certificate_expiry);
  }
  if (control.admin_certificate_expiry > 0) {
    page.sample(R"(listener="admin")", control.admin_certificate_expiry);
  }
}

void write_targets(Page& page, const std::vector<TargetSample>& targets) {
  page.family("tallygate_target_state", Kind::gauge, "",
              "1 for what a target is: open, benched, recovering from a bench, or cooling down.");
  for (const TargetSample& target : targets) {
    for (const std::string_view state : kTargetStates) {
      const auto labels = LabelText().add("target", target.name).add("state", state);
      page.sample(labels.text(), target.state == state ? 1 : 0);
    }
  }
  page.family("tallygate_target_refusals", Kind::gauge, "",
              "Times that a target refused our credential or model since its last success.");
  for (const TargetSample& target : targets) {
    page.sample(LabelText().add("target", target.name).text(), target.refusals);
  }
}

void write_process(Page& page, const ProcessSample& process) {
  write_one(page, "tallygate_config_last_reload_successful", Kind::gauge, "",
            "1 if the last load of the configuration succeeded.", process.last_reload_ok ? 1 : 0);
  write_one(page, "tallygate_config_last_reload_success_timestamp_seconds", Kind::gauge, "seconds",
            "When the configuration was last loaded.", process.last_reload_seconds);
  write_one(page, "tallygate_config_generation", Kind::gauge, "",
            "Number of the configuration that is served.", process.config_generation);
  write_one(page, "process_cpu_seconds", Kind::counter, "seconds",
            "Total user and system CPU time spent in seconds.", process.cpu_seconds);
  write_one(page, "process_open_fds", Kind::gauge, "", "Number of open file descriptors.",
            process.open_descriptors);
  write_one(page, "process_max_fds", Kind::gauge, "", "Maximum number of open file descriptors.",
            process.max_descriptors);
  write_one(page, "process_resident_memory_bytes", Kind::gauge, "bytes",
            "Resident memory size in bytes.", process.resident_bytes);
  write_one(page, "process_start_time_seconds", Kind::gauge, "seconds",
            "Start time of the process since unix epoch in seconds.", process.start_seconds);
  page.family("tallygate_build", Kind::info, "", "Version of this binary.");
  page.sample(LabelText().add("version", process.version).text(), 1);
  page.family("target", Kind::info, "", "Target metadata.");
  page.sample(
      LabelText().add("service_name", "tallygate").add("service_version", process.version).text(),
      1);
}

}  // namespace

std::string render_metrics(const std::vector<const WorkerMetrics*>& workers,
                           const ProcessSample& process, const store::Names& names, Format format) {
  const Sums sums = sum_up(workers, names);
  Page page(format);
  write_gen_ai(page, sums);
  write_http(page, sums);
  write_gate(page, sums);
  write_store(page, process.journal, process.catalog);
  write_control(page, process.control);
  write_targets(page, process.targets);
  write_process(page, process);
  return page.finish();
}

}  // namespace tallygate::telemetry
