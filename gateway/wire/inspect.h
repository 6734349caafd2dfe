#pragma once
// Reads of a request body exactly what routing needs and leaves every byte as it is. The whole
// document is walked, so that what is not JSON is refused here and duplicates of a routing key
// never reach an upstream that would read the other one. Pure; one Inspector per worker (it owns
// simdjson's scratch memory).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tallygate::wire {

/// Room behind a body that body buffers keep for SIMD readers that overrun. Inspector needs none.
inline constexpr std::size_t kJsonPadding = 64;

/// A span of the body, in bytes from its start.
struct Span {
  std::size_t offset = 0;
  std::size_t size = 0;
  bool present() const { return size != 0; }
};

/// Views are valid until the next inspect() of the same Inspector or until the body goes.
struct BodyFacts {
  std::string_view model;  ///< unescaped, not empty, of any length
  Span model_value;        ///< the string literal with its quotes: what is replaced upstream
  bool stream = false;
  bool has_stream_options = false;  ///< present and not null
  bool include_usage = false;
  /// Where `"include_usage":true` can be put in: see splice.h.
  Span stream_options_value;          ///< the whole value of stream_options, also if it is null
  Span include_usage_value;           ///< the literal after "include_usage":, if present
  Span last_brace;                    ///< the closing brace of the document (size 1)
  bool empty_stream_options = false;  ///< stream_options is an object without members
  std::string_view user;
  std::string_view safety_identifier;
  std::string_view metadata_user_id;
  bool has_messages = false;  ///< this and the next two: present and not null
  bool has_input = false;
  bool has_prompt = false;
  bool store = false;  ///< `"store": true`: such a request is never repeated
};

class Inspector {
 public:
  Inspector();
  ~Inspector();

  /// Reads no byte outside `body`. Errors: invalid_json (with the place; also for nesting deeper
  /// than `max_depth`), invalid_parameter (duplicate or wrongly typed routing key, named in
  /// `param`), missing_parameter (no model). A key is known in any spelling: "\u006dodel" is model.
  Result<BodyFacts> inspect(std::string_view body, std::uint32_t max_depth);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tallygate::wire
