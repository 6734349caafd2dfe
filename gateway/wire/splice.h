#pragma once
// The request body as it goes upstream: the client's bytes with the model name, and where wanted
// include_usage, spliced in. A list of at most a few pieces for one gather write; nothing is
// copied but what is new. Pure.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "gateway/wire/inspect.h"
#include "gateway/wire/multipart.h"

namespace tallygate::wire {

struct SplicedBody {
  static constexpr std::size_t kMaxPieces = 5;
  std::array<std::string_view, kMaxPieces> pieces;
  std::size_t count = 0;
  std::size_t bytes = 0;  ///< total, the new Content-Length

  void add(std::string_view piece) {
    if (piece.empty()) return;
    pieces[count++] = piece;
    bytes += piece.size();
  }
};

/// `model_literal` is the JSON string literal (with quotes) of the upstream's model name and must
/// outlive the result, as must `body`. `inject_usage`: make stream_options.include_usage true (only
/// when the facts say `stream` and it is not true already). stream_options absent: added as the
/// last member; null: replaced; without include_usage: it becomes the first member; false or null:
/// that literal is replaced.
SplicedBody splice_body(std::string_view body, const BodyFacts& facts,
                        std::string_view model_literal, bool inject_usage);

/// The same for a multipart body: `model` is the upstream's name as it is.
SplicedBody splice_multipart(std::string_view body, const MultipartFacts& facts,
                             std::string_view model);

/// `text` as a JSON string literal with quotes.
std::string json_literal(std::string_view text);

}  // namespace tallygate::wire
