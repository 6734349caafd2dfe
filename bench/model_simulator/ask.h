#pragma once
// What a request asks of the simulated model: endpoint, model, streaming, how much. Read by a small
// scanner of its own, so that a bug in the gate's JSON code cannot hide behind the same bug here.

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/model_simulator/request.h"

namespace tallygate::simulator {

enum class Endpoint : std::uint8_t {
  chat,
  completions,
  embeddings,
  responses,
  moderations,
  rerank,
  images,
  speech,
  transcriptions,
  messages,
  models,
  last,
  stats,
  reset,
  fault,
  unknown,
};

struct Ask {
  Endpoint endpoint = Endpoint::unknown;
  std::string model;  ///< as it stood between the JSON quotes, so that it is echoed byte for byte
  bool stream = false;
  bool include_usage = false;
  bool base64 = false;      ///< embeddings: encoding_format
  unsigned max_tokens = 0;  ///< 0 = not limited by the request
  unsigned inputs = 1;      ///< embeddings, moderations: inputs; rerank: documents; images: n
};

Endpoint find_endpoint(std::string_view method, std::string_view target);

/// Never fails: what cannot be read keeps its default, as the simulator accepts anything.
Ask parse_ask(const Request& request);

/// `text` as the inside of a JSON string.
std::string escape_json(std::string_view text);

}  // namespace tallygate::simulator
