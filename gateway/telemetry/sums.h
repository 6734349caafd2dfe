#pragma once
// The workers' tables added up by the labels that are shown. Plain values in the order of their
// label text, so that two renderings of the same counts are equal.

#include <map>
#include <string>
#include <vector>

#include "gateway/telemetry/tables.h"
#include "store/journal/names.h"

namespace tallygate::telemetry {

template <class T>
using ByLabels = std::map<std::string, T>;

struct AnswerSums {
  HistogramTotals<TokenBounds> input_tokens;
  HistogramTotals<TokenBounds> output_tokens;
  HistogramTotals<OperationBounds> first_chunk;
  HistogramTotals<OperationBounds> output_chunk;
  HistogramTotals<FirstTokenBounds> first_token;
  HistogramTotals<OutputTokenBounds> output_token;
};

struct HttpSums {
  HistogramTotals<HttpBounds> duration;
  HistogramTotals<BodyBounds> request_body;
  HistogramTotals<BodyBounds> response_body;
};

struct ConnectionSums {
  std::int64_t active = 0;
  std::int64_t idle = 0;
};

struct Sums {
  ByLabels<HistogramTotals<OperationBounds>> durations;  ///< with error_type
  ByLabels<AnswerSums> answers;                          ///< without
  ByLabels<HttpSums> http;
  ByLabels<HistogramTotals<HttpBounds>> attempts;
  ByLabels<ConnectionSums> connections;
  ByLabels<std::int64_t> active_requests;
  ByLabels<std::uint64_t> rejected;
  HistogramTotals<OverheadBounds> overhead;
  std::array<HistogramTotals<OverheadBounds>, 2> connects;  ///< [ok]
  std::uint64_t unacknowledged = 0;
  std::uint64_t degraded = 0;
  std::uint64_t reused_resets = 0;
  std::uint64_t mirrored = 0;
  std::uint64_t mirrors_left_out = 0;
  std::int64_t client_connections = 0;
  std::int64_t answers_do_not_wait = 0;  ///< workers
};

Sums sum_up(const std::vector<const WorkerMetrics*>& workers, const store::Names& names);

}  // namespace tallygate::telemetry
