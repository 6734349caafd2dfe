#include "gateway/telemetry/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <sstream>
#include <thread>

#include "gateway/telemetry/page.h"
#include "gateway/telemetry/series.h"
#include "tests/support/sample_metrics.h"

namespace tallygate::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The lines of one family, comments included.
std::string family(const std::string& page, const std::string& name) {
  std::istringstream lines(page);
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.starts_with("# ") ? line.find(' ', 2) + 1 : 0;
    if (line.compare(at, name.size(), name) == 0) found += line + "\n";
  }
  return found;
}

/// The value of the only sample that starts with `prefix`; -1 if there is none.
double value_of(const std::string& page, const std::string& prefix) {
  const std::size_t at = page.find("\n" + prefix);
  if (at == std::string::npos) return -1;
  const std::size_t end = page.find('\n', at + 1);
  return std::stod(page.substr(page.rfind(' ', end), end));
}

const std::string kLabels =
    R"(gen_ai_operation_name="chat",gen_ai_provider_name="openai",)"
    R"(gen_ai_request_model="assistant",gen_ai_original_model="assistant",)"
    R"(gen_ai_response_model="llama-3-8b",server_address="127.0.0.1",server_port="9001",)"
    R"(tallygate_model_version="1.0.0",tallygate_experiment_name="mini-against-8b",)"
    R"(tallygate_experiment_arm="a")";

TEST(Exposition, RendersAHistogramInFull) {
  SampleMetrics sample;
  sample.count_everything();
  const std::string name = "gen_ai_server_time_per_output_token_seconds";
  std::string expected =
      "# HELP " + name +
      " Time per output token after the first one of successful streamed answers.\n# TYPE " + name +
      " histogram\n";
  // (1.2 s - 0.2 s) / (11 - 1) = 0.1 s, which belongs to the bucket that ends there.
  for (const std::string line :
       {"0.01\"} 0", "0.025\"} 0", "0.05\"} 0", "0.075\"} 0", "0.1\"} 1", "0.15\"} 1", "0.2\"} 1",
        "0.3\"} 1", "0.4\"} 1", "0.5\"} 1", "0.75\"} 1", "1.0\"} 1", "2.5\"} 1", "+Inf\"} 1"}) {
    expected += name + "_bucket{" + kLabels + ",le=\"" + line + "\n";
  }
  expected += name + "_sum{" + kLabels + "} 0.1\n" + name + "_count{" + kLabels + "} 1\n";
  EXPECT_EQ(family(sample.render(), name), expected);
}

TEST(Exposition, CountsAStreamUnderEveryGenAiMetric) {
  SampleMetrics sample;
  sample.count_everything();
  const std::string page = sample.render();
  const auto check = [&](const std::string& name, const std::string& more, double count,
                         double sum) {
    EXPECT_EQ(value_of(page, name + "_count{" + kLabels + more + "}"), count) << name;
    EXPECT_EQ(value_of(page, name + "_sum{" + kLabels + more + "}"), sum) << name;
  };
  check("gen_ai_client_token_usage", R"(,gen_ai_token_type="input")", 1, 17);
  check("gen_ai_client_token_usage", R"(,gen_ai_token_type="output")", 1, 11);
  check("gen_ai_client_operation_duration_seconds", "", 1, 1.2);
  check("gen_ai_client_operation_time_to_first_chunk_seconds", "", 1, 0.2);
  check("gen_ai_client_operation_time_per_output_chunk_seconds", "", 10, 1);
  check("gen_ai_server_request_duration_seconds", "", 1, 1.2);
  check("gen_ai_server_time_to_first_token_seconds", "", 1, 0.2);
  EXPECT_EQ(value_of(page, "tallygate_overhead_seconds_sum"), 0.00004);
}

TEST(Exposition, KeepsFailuresOutOfTheMetricsOfSuccesses) {
  SampleMetrics sample;
  sample.record.outcome = router::Outcome::upstream_truncated;
  sample.record.error = Errc::upstream_stream_truncated;
  sample.worker.count_inference(sample.inference);
  const std::string page = sample.render();
  EXPECT_EQ(value_of(page, "gen_ai_server_request_duration_seconds_count{" + kLabels +
                               R"(,error_type="upstream_stream_truncated"})"),
            1);
  EXPECT_THAT(page, Not(HasSubstr("time_to_first_token_seconds_count")));
  EXPECT_THAT(page, Not(HasSubstr("time_per_output_token_seconds_count")));
  EXPECT_EQ(value_of(page, "gen_ai_client_operation_time_to_first_chunk_seconds_count{" + kLabels),
            1);
}

TEST(Exposition, ReportsNoTokensThatWereNotReported) {
  SampleMetrics sample;
  sample.record.streamed = false;
  sample.record.input_tokens = 0;
  sample.record.output_tokens = 0;
  sample.worker.count_inference(sample.inference);
  const std::string page = sample.render();
  EXPECT_THAT(page, Not(HasSubstr("gen_ai_client_token_usage_")));
  EXPECT_THAT(page, Not(HasSubstr("time_to_first_chunk_seconds_")));
  EXPECT_THAT(page, HasSubstr("gen_ai_client_operation_duration_seconds_count"));
}

TEST(Exposition, RendersHttpMetrics) {
  SampleMetrics sample;
  sample.count_everything();
  const std::string page = sample.render();
  const std::string server =
      R"({http_request_method="POST",url_scheme="http",http_response_status_code="200",)"
      R"(http_route="/v1/chat/completions"})";
  EXPECT_EQ(value_of(page, "http_server_request_duration_seconds_sum" + server), 1.2005);
  EXPECT_EQ(value_of(page, "http_server_request_body_size_bytes_sum" + server), 480);
  EXPECT_EQ(value_of(page, "http_server_response_body_size_bytes_sum" + server), 5000);
  EXPECT_EQ(family(page, "http_server_active_requests"),
            "# HELP http_server_active_requests Number of active HTTP server requests.\n"
            "# TYPE http_server_active_requests gauge\n"
            "http_server_active_requests{http_request_method=\"POST\",url_scheme=\"http\"} 1\n"
            "http_server_active_requests{http_request_method=\"POST\",url_scheme=\"https\"} 0\n");
  const std::string upstream = R"(server_address="127.0.0.1",server_port="9001")";
  EXPECT_EQ(
      value_of(page, "http_client_request_duration_seconds_sum{http_request_method=\"POST\"," +
                         upstream + ",http_response_status_code=\"200\"}"),
      1.199);
  EXPECT_EQ(
      value_of(page, "http_client_request_duration_seconds_sum{http_request_method=\"POST\"," +
                         upstream + ",error_type=\"upstream_connect_error\"}"),
      0.0009);
  EXPECT_EQ(value_of(page, "http_client_open_connections{" + upstream +
                               ",http_connection_state=\"idle\"}"),
            2);
}

TEST(Exposition, TellsWhatEachTargetIs) {
  SampleMetrics sample;
  const std::string page = sample.render();
  for (const std::string_view state : kTargetStates) {
    const std::string series =
        R"(tallygate_target_state{target="llama",state=")" + std::string(state) + R"("})";
    EXPECT_EQ(value_of(page, series), state == "benched" ? 1 : 0) << series;
  }
  EXPECT_EQ(value_of(page, R"(tallygate_target_refusals{target="llama"})"), 2);
}

TEST(Exposition, TellsTheTwoFormatsApart) {
  SampleMetrics sample;
  sample.count_everything();
  const std::string text = sample.render(Format::text_0_0_4);
  const std::string open = sample.render(Format::openmetrics_1_0_0);
  EXPECT_EQ(family(text, "tallygate_rejected_requests"),
            "# HELP tallygate_rejected_requests_total Requests refused before a route was known, "
            "by error code.\n"
            "# TYPE tallygate_rejected_requests_total counter\n"
            "tallygate_rejected_requests_total{code=\"invalid_json\"} 1\n");
  EXPECT_EQ(family(open, "tallygate_rejected_requests"),
            "# HELP tallygate_rejected_requests Requests refused before a route was known, "
            "by error code.\n"
            "# TYPE tallygate_rejected_requests counter\n"
            "tallygate_rejected_requests_total{code=\"invalid_json\"} 1\n");
  EXPECT_EQ(family(text, "target_info"),
            "# HELP target_info Target metadata.\n# TYPE target_info gauge\n"
            "target_info{service_name=\"tallygate\",service_version=\"1.2.3\"} 1\n");
  EXPECT_THAT(open, HasSubstr("# TYPE target info\ntarget_info{"));
  EXPECT_THAT(open, HasSubstr("# UNIT tallygate_overhead_seconds seconds\n"));
  EXPECT_THAT(text, Not(HasSubstr("# UNIT")));
  EXPECT_THAT(text, Not(HasSubstr("# EOF")));
  EXPECT_TRUE(open.ends_with("\n# EOF\n"));
}

TEST(Exposition, AddsUpTheWorkers) {
  SampleMetrics sample;
  const auto limit = make_series_limit();
  WorkerMetrics first(limit);
  WorkerMetrics second(limit);
  first.count_inference(sample.inference);
  second.count_inference(sample.inference);
  second.count_inference(sample.inference);
  second.count_unacknowledged();
  const std::string page =
      render_metrics({&first, &second}, sample.process, sample.names, Format::text_0_0_4);
  EXPECT_EQ(value_of(page, "gen_ai_client_operation_duration_seconds_count{" + kLabels), 3);
  EXPECT_EQ(value_of(page, "tallygate_unacknowledged_answers_total"), 1);
}

TEST(Exposition, PutsLabelsBeyondTheLimitIntoOneSeries) {
  SampleMetrics sample;
  const auto limit = make_series_limit();
  WorkerMetrics first(limit);
  WorkerMetrics second(limit);
  const auto admitted = static_cast<int>(max_label_sets(Family::inference));
  for (int i = 0; i < admitted + 5; ++i) {
    sample.record.route = sample.names.intern("route-" + std::to_string(i));
    first.count_inference(sample.inference);
    if (i >= admitted - 1) second.count_inference(sample.inference);
  }
  const std::string page =
      render_metrics({&first, &second}, sample.process, sample.names, Format::text_0_0_4);
  const std::string name = "gen_ai_client_operation_duration_seconds_count{";
  EXPECT_EQ(value_of(page, name + "otel_metric_overflow=\"true\"}"), 10);
  int series = 0;
  for (std::size_t at = 0; (at = page.find("\n" + name, at)) != std::string::npos; ++at) ++series;
  EXPECT_EQ(series, admitted + 1);
  int token_series = 0;
  const std::string tokens = "\ngen_ai_client_token_usage_count{";
  for (std::size_t at = 0; (at = page.find(tokens, at)) != std::string::npos; ++at) ++token_series;
  EXPECT_EQ(token_series, static_cast<int>(kMaxSeries));
}

TEST(Exposition, MayRenderWhileAWorkerCounts) {
  SampleMetrics sample;
  constexpr int kRoutes = 50;
  std::vector<router::NameId> routes;
  for (int i = 0; i < kRoutes; ++i) routes.push_back(sample.names.intern(std::to_string(i)));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 20 * kRoutes; ++i) {
      sample.record.route = routes[static_cast<std::size_t>(i % kRoutes)];
      sample.worker.count_inference(sample.inference);
    }
    done = true;
  });
  while (!done) EXPECT_THAT(sample.render(), HasSubstr("target_info"));
  writer.join();
  EXPECT_EQ(value_of(sample.render(), "tallygate_overhead_seconds_count"), 20 * kRoutes);
}

TEST(LabelText, EscapesWhatWouldBreakTheLine) {
  EXPECT_EQ(LabelText().add("a", "x\"y\\z\nw").text(), R"(a="x\"y\\z\nw")");
  EXPECT_EQ(LabelText().add("a", "").add("b", "1").text(), R"(b="1")");
  EXPECT_EQ(LabelText().add("a", "gr\xC3\xBC\xC3\x9F \xF0\x9F\x91\x8D").text(),
            "a=\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x91\x8D\"");
  EXPECT_EQ(LabelText().add("a", "\xC3|\xED\xA0\x80|\xC0\x80|\xF5|\xE2\x82").text(),
            R"(a="?|???|??|?|??")");
}

}  // namespace
}  // namespace tallygate::telemetry
