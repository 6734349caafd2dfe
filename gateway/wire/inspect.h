#pragma once
// Reads of a request body exactly what routing needs and leaves every byte as it is. The whole
// document is walked, so that what is not JSON is refused here and duplicates of a routing key
// never reach an upstream that would read the other one. Pure; one Inspector per worker (it owns
// the simdjson parser and its scratch memory).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tallygate::wire {

/// What simdjson may read past the end of a body: buffers that hold one leave this much room.
inline constexpr std::size_t kJsonPadding = 64;

/// A span of the body, in bytes from its start.
struct Span {
  std::size_t offset = 0;
  std::size_t size = 0;
  bool present() const { return size != 0; }
};

/// Views are valid until the next inspect() of the same Inspector or until the body goes.
struct BodyFacts {
  std::string_view model;  ///< unescaped
  Span model_value;        ///< the string literal with its quotes: what is replaced upstream
  bool stream = false;
  bool has_stream_options = false;
  bool include_usage = false;
  /// Where `"include_usage":true` can be put in: see splice.h.
  Span stream_options_value;  ///< the whole value of stream_options, if present
  Span include_usage_value;   ///< the literal after "include_usage":, if present
  Span last_brace;            ///< the closing brace of the document (size 1)
  bool empty_object = false;
  std::string_view user;
  std::string_view safety_identifier;
  std::string_view metadata_user_id;
  bool has_messages = false;
  bool has_input = false;
  bool has_prompt = false;
  bool store = false;  ///< `"store": true`: such a request is never repeated
};

class Inspector {
 public:
  Inspector();
  ~Inspector();

  /// `body` must be followed by kJsonPadding readable bytes. Errors: invalid_json (with the place),
  /// invalid_parameter (duplicate or wrongly typed routing key, named in `param`),
  /// missing_parameter (no model).
  Result<BodyFacts> inspect(std::string_view body, std::uint32_t max_depth);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tallygate::wire
