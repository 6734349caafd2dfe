#pragma once
// Where every token of a JSON text starts: simdjson's first stage, alone. It is chosen at run time
// for the CPU, while On-Demand in a portable x86-64 build compiles to the scalar fallback. What it
// checks: UTF-8, no raw control character in a string, every string closed. The rest of the grammar
// is JsonWalker's. Private to wire; one per thread.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace tallygate::wire {

enum class JsonFault : std::uint8_t {
  none,
  empty,
  too_large,
  invalid_utf8,
  control_character,
  unclosed_string
};

/// Offsets of brackets, colons, commas, opening quotes and first characters of other scalars, in
/// order. Valid until the next find_tokens().
struct JsonTokens {
  const std::uint32_t* begin = nullptr;
  const std::uint32_t* end = nullptr;
  JsonFault fault = JsonFault::none;
};

class JsonTokenizer {
 public:
  JsonTokenizer();
  ~JsonTokenizer();

  /// Reads no byte outside `text`. Scratch memory is 4 bytes per byte of text, of which only what
  /// the tokens need is ever touched; what a large text needed is given back.
  JsonTokens find_tokens(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tallygate::wire
