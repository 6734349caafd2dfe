#pragma once
// Watches an answer go by without holding it: usage, first content, in-band errors, the model's own
// response id, how the stream ended. One table of dialects: OpenAI chat, completions, responses and
// the rest, and Anthropic messages. Pure; no JSON tree is built: events are searched for the few
// keys that matter and only those that can hold one are parsed.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tallygate::wire {

enum class Dialect : std::uint8_t {
  openai_chat,         ///< chat.completion.chunk ... [DONE]
  openai_completion,   ///< text_completion ... [DONE]
  openai_responses,    ///< typed events, ends with response.completed|failed|incomplete
  openai_other,        ///< embeddings, images, audio, moderations, rerank
  anthropic_messages,  ///< message_start ... message_stop
};

struct Usage {
  std::uint32_t input_tokens = 0;  ///< with cached ones included, also for Anthropic
  std::uint32_t output_tokens = 0;
  std::uint32_t cached_tokens = 0;
  bool known = false;
};

/// What one event is to the relay.
struct EventFacts {
  bool content = false;  ///< first one opens the pre-commit hold: delta, tool call, finish reason
  bool error = false;    ///< an in-band error
  bool done = false;     ///< the dialect's terminal event ([DONE], message_stop, ...)
  bool usage_only = false;  ///< OpenAI's `choices: []` + usage chunk
};

class AnswerObserver {
 public:
  explicit AnswerObserver(Dialect dialect);
  ~AnswerObserver();
  AnswerObserver(AnswerObserver&&) noexcept;
  AnswerObserver& operator=(AnswerObserver&&) noexcept;

  /// One whole SSE event, blank line included.
  EventFacts observe_event(std::string_view event);
  /// A whole JSON answer (kJsonPadding readable bytes behind it are not required).
  void observe_body(std::string_view body);

  const Usage& usage() const { return usage_; }
  const std::string& response_id() const { return response_id_; }
  bool done() const { return done_; }

 private:
  struct Parser;
  Dialect dialect_;
  bool done_ = false;
  Usage usage_;
  std::string response_id_;
};

/// The event that tells a client that its stream broke, in the dialect's own form, blank line
/// included. `sequence` is the next Responses sequence_number.
std::string render_stream_error(Dialect dialect, Errc code, std::string_view message,
                                std::uint32_t sequence);

}  // namespace tallygate::wire
