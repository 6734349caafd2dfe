#pragma once
// The tables behind a WorkerMetrics: the labels of each family and what is counted under them.

#include <array>
#include <memory>
#include <string_view>

#include "gateway/telemetry/histogram.h"
#include "gateway/telemetry/series.h"

namespace tallygate::telemetry {

inline constexpr std::uint8_t kNoError = 0xFF;

struct InferenceLabels {
  router::NameId route = 0;
  router::NameId version = 0;
  router::NameId experiment = 0;
  router::NameId variant_name = 0;
  router::NameId server_address = 0;
  router::NameId upstream_model = 0;
  std::uint16_t server_port = 0;
  config::Protocol protocol = config::Protocol::openai;
  std::uint8_t error = kNoError;  ///< an Errc
  std::string_view operation;
};

struct InferenceValues {
  Histogram<OperationBounds> duration;  ///< shown as the client's and as the server's
  Histogram<TokenBounds> input_tokens;
  Histogram<TokenBounds> output_tokens;
  Histogram<OperationBounds> first_chunk;
  Histogram<OperationBounds> output_chunk;
  Histogram<FirstTokenBounds> first_token;
  Histogram<OutputTokenBounds> output_token;
};

struct HttpLabels {
  std::string_view method;
  std::string_view route;
  std::string_view error;
  std::uint16_t status = 0;
  bool tls = false;
};

struct HttpValues {
  Histogram<HttpBounds> duration;
  Histogram<BodyBounds> request_body;
  Histogram<BodyBounds> response_body;
};

struct AttemptLabels {
  router::NameId server_address = 0;
  std::uint16_t server_port = 0;
  std::uint16_t status = 0;
  std::string_view error;
};

struct AttemptValues {
  Histogram<HttpBounds> duration;
};

struct ConnectionValues {
  Gauge active{0};
  Gauge idle{0};
};

inline constexpr std::array<std::string_view, 10> kMethods{
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "_OTHER"};

struct WorkerMetrics::Tables {
  explicit Tables(std::shared_ptr<SeriesLimit> series_limit)
      : limit(std::move(series_limit)),
        inference(Family::inference, *limit),
        http(Family::http, *limit),
        attempt(Family::attempt, *limit),
        connections(Family::connections, *limit) {}

  std::shared_ptr<SeriesLimit> limit;
  SeriesTable<InferenceLabels, InferenceValues> inference;
  SeriesTable<HttpLabels, HttpValues> http;
  SeriesTable<AttemptLabels, AttemptValues> attempt;
  SeriesTable<AttemptLabels, ConnectionValues> connections;

  Histogram<OverheadBounds> overhead;
  std::array<Histogram<OverheadBounds>, 2> connects;  ///< [ok]
  std::array<Counter, kErrcCount> rejected{};
  Counter unacknowledged{0};
  Counter degraded{0};
  Counter reused_resets{0};
  Counter mirrored{0};
  Counter mirrors_left_out{0};
  std::array<std::array<Gauge, kMethods.size()>, 2> active_requests{};  ///< [tls][method]
  Gauge client_connections{0};
  Gauge answers_do_not_wait{0};
};

}  // namespace tallygate::telemetry
