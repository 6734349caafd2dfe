#pragma once
// A worker's metrics with one of everything, for tests that look at the rendered page.

#include <string>
#include <vector>

#include "gateway/telemetry/exposition.h"

namespace tallygate::telemetry {

struct SampleMetrics {
  store::Names names;
  WorkerMetrics worker{make_series_limit()};
  router::Record record;
  GenAiSample inference;
  ProcessSample process;

  SampleMetrics() {
    record.route = names.intern("assistant");
    record.served_version = names.intern("1.0.0");
    record.experiment = names.intern("mini-against-8b");
    record.streamed = true;
    record.latency_us = 1'200'000;
    record.first_token_us = 200'000;
    record.overhead_us = 40;
    record.input_tokens = 17;
    record.output_tokens = 11;
    inference.record = &record;
    inference.operation = "chat";
    inference.server_address = names.intern("127.0.0.1");
    inference.server_port = 9001;
    inference.upstream_model = names.intern("llama-3-8b");
    inference.variant_name = names.intern("a");
    process.version = "1.2.3";
    process.start_seconds = 1.5;
    process.targets = {{"llama", "benched", 2}};
  }

  /// One request, its attempt, and one of every other count.
  void count_everything() {
    ChunkGaps gaps;
    for (int i = 0; i < 10; ++i) gaps.add(100'000);
    inference.gaps = &gaps;
    worker.count_inference(inference);
    inference.gaps = nullptr;
    worker.count_http({"POST", "/v1/chat/completions", 200, false, "", 1'200'500, 480, 5'000});
    worker.count_attempt({inference.server_address, 9001, 200, "", 1'199'000});
    worker.count_attempt({inference.server_address, 9001, 0, "upstream_connect_error", 900});
    worker.count_rejected(Errc::invalid_json);
    worker.count_unacknowledged();
    worker.count_upstream_connect(true, 120);
    worker.add_active_requests("POST", false, 1);
    worker.set_open_client_connections(3);
    worker.set_upstream_connections(inference.server_address, 9001, 1, 2);
  }

  std::string render(Format format = Format::text_0_0_4) const {
    return render_metrics({&worker}, process, names, format);
  }
};

}  // namespace tallygate::telemetry
