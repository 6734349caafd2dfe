#pragma once
// Watches an answer go by without holding it: usage, first content, in-band errors, the model's own
// response id, how the stream ended. One table of dialects: OpenAI chat, completions, responses and
// the rest, and Anthropic messages. Pure; no JSON tree is built: events are searched for the few
// keys that matter and only those that can hold one are parsed, with scratch memory that all
// observers of a thread share.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tallygate::wire {

struct AnswerJson;
struct SseEvent;

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
  /// First one opens the pre-commit hold: delta, tool call, finish reason. Exact until then; later
  /// it is true for every data event that is none of the three below.
  bool content = false;
  bool error = false;       ///< an in-band error
  bool done = false;        ///< the dialect's terminal event ([DONE], message_stop, ...)
  bool usage_only = false;  ///< OpenAI's `choices: []` + usage chunk
};

/// One per answer, on one thread. Allocates only to keep the response id.
class AnswerObserver {
 public:
  explicit AnswerObserver(Dialect dialect) : dialect_(dialect) {}

  /// One whole SSE event, blank line included. Data that is no JSON object is no content, except in
  /// openai_other.
  EventFacts observe_event(std::string_view event);
  /// A whole JSON answer; anything else is ignored. True: it has an error instead of an answer.
  bool observe_body(std::string_view body);

  const Usage& usage() const { return usage_; }
  /// At most kMaxResponseIdBytes; longer ones are ignored.
  const std::string& response_id() const { return response_id_; }
  static constexpr std::size_t kMaxResponseIdBytes = 256;
  bool done() const { return done_; }
  /// Events with data so far: the next Responses sequence_number, which starts at 0.
  std::uint32_t data_events() const { return data_events_; }

 private:
  bool may_matter(const SseEvent& fields) const;
  EventFacts read_event(std::string_view name, std::string_view data);
  void take(const AnswerJson& json);

  Dialect dialect_;
  bool done_ = false;
  bool content_seen_ = false;
  std::uint32_t data_events_ = 0;
  Usage usage_;
  std::string response_id_;
};

/// The event that tells a client that its stream broke, in the dialect's own form, blank line
/// included. `sequence` is the next Responses sequence_number.
std::string render_stream_error(Dialect dialect, Errc code, std::string_view message,
                                std::uint32_t sequence);

}  // namespace tallygate::wire
