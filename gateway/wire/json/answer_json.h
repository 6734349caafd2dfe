#pragma once
// Reads from one JSON object of an answer (a whole body or the data of one event) what the observer
// needs, for all dialects at once: their keys do not clash. The rest is leapt over, not validated:
// an answer goes to the client as it came. Private to wire.

#include <cstdint>
#include <string_view>

namespace tallygate::wire {

/// Token counts as they were sent; -1 = absent.
struct TokenCounts {
  std::int64_t input = -1;
  std::int64_t output = -1;
  std::int64_t total = -1;
  std::int64_t cached = -1;          ///< OpenAI: part of input
  std::int64_t cache_creation = -1;  ///< Anthropic: this and the next come on top of input
  std::int64_t cache_read = -1;
};

/// Views are valid until the next call on the same thread or until `text` goes.
struct AnswerJson {
  bool valid = false;   ///< `text` is one object whose brackets and strings are closed
  std::string_view id;  ///< of `message` or `response` if there is one, else of the object itself
  std::string_view type;
  bool error = false;  ///< a non-null `error`, or `"object": "error"`
  bool has_usage = false;
  TokenCounts counts;
  bool no_choices = false;  ///< `choices: []`, of an event only
  /// Of an event only: a delta, content block or text that says something, or a finish reason.
  bool content = false;
};

enum class AnswerPart : std::uint8_t { event, body };

AnswerJson read_answer_json(std::string_view text, AnswerPart part);

}  // namespace tallygate::wire
