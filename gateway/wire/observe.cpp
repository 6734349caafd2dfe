#include "gateway/wire/observe.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>

#include "gateway/wire/errors.h"
#include "gateway/wire/json/answer_json.h"
#include "gateway/wire/json/key_search.h"
#include "gateway/wire/sse.h"

namespace tallygate::wire {
namespace {

constexpr std::size_t kMaxErrorMessageBytes = 1024;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Events of the Responses API that can come before an error and say nothing yet; whatever else it
// sends counts as content, so that an unknown event is never held back.
constexpr std::array<std::string_view, 6> kContentlessResponseEvents = {
    "response.created",
    "response.queued",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.reasoning_summary_part.added"};

// Both families send these two per token and nothing that matters inside.
bool is_plain_delta(Dialect dialect, std::string_view name) {
  if (dialect == Dialect::anthropic_messages) return name == "content_block_delta";
  return dialect == Dialect::openai_responses && name.starts_with("response.") &&
         name.ends_with(".delta");
}

bool is_typed(Dialect dialect) {
  return dialect == Dialect::anthropic_messages || dialect == Dialect::openai_responses;
}

std::string join_data(std::string_view event) {
  std::string data;
  while (!event.empty()) {
    std::string_view value;
    if (!read_field(take_line(event), "data", value)) continue;
    if (!data.empty()) data += '\n';
    data += value;
  }
  return data;
}

EventFacts read_chat_event(const AnswerJson& json) {
  return {.content = json.content,
          .error = json.error,
          .usage_only = json.no_choices && json.has_usage};
}

EventFacts read_responses_event(const AnswerJson& json, std::string_view type) {
  EventFacts facts;
  facts.error = type == "error" || type == "response.failed" || (type.empty() && json.error);
  facts.done =
      type == "response.completed" || type == "response.failed" || type == "response.incomplete";
  const auto& contentless = kContentlessResponseEvents;
  const bool may_say = type.starts_with("response.") && !facts.error &&
                       std::find(contentless.begin(), contentless.end(), type) == contentless.end();
  facts.content = may_say && (!type.ends_with(".delta") || json.content);
  return facts;
}

EventFacts read_anthropic_event(const AnswerJson& json, std::string_view type) {
  return {.content = json.content,
          .error = type == "error" || (type.empty() && json.error),
          .done = type == "message_stop"};
}

std::uint32_t clamp_count(std::int64_t count) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(count, 0, std::numeric_limits<std::uint32_t>::max()));
}

// Counts are cumulative in every dialect: the latest that was sent replaces the one before.
void take_usage(Usage& usage, const TokenCounts& counts) {
  const std::int64_t cached = std::max(counts.cached, counts.cache_read);
  std::int64_t input = counts.input;
  if (input < 0 && counts.output < 0) input = counts.total;
  if (counts.cache_creation > 0) input = std::max<std::int64_t>(input, 0) + counts.cache_creation;
  if (counts.cache_read > 0) input = std::max<std::int64_t>(input, 0) + counts.cache_read;
  // Some servers repeat the input as 0 in Anthropic's message_delta.
  if (input > 0) usage.input_tokens = clamp_count(input);
  if (cached > 0) usage.cached_tokens = clamp_count(cached);
  if (counts.output >= 0) usage.output_tokens = clamp_count(counts.output);
  if (input >= 0 || counts.output >= 0) usage.known = true;
}

}  // namespace

EventFacts AnswerObserver::observe_event(std::string_view event) {
  // A stream may start with a byte order mark, which is no part of its first line.
  if (data_events_ == 0 && event.starts_with(kByteOrderMark)) {
    event.remove_prefix(kByteOrderMark.size());
  }
  const SseEvent fields = parse_event(event);
  if (!fields.has_data) return {};
  ++data_events_;
  EventFacts facts;
  if (fields.data.starts_with("[DONE]")) {
    facts.done = true;
  } else if (content_seen_ && !may_matter(fields)) {
    facts.content = true;
  } else if (fields.multi_line) {
    facts = read_event(fields.event, join_data(event));
  } else {
    facts = read_event(fields.event, fields.data);
  }
  done_ = done_ || facts.done;
  if (content_seen_) facts.content = !facts.error && !facts.done && !facts.usage_only;
  content_seen_ = content_seen_ || facts.content;
  return facts;
}

bool AnswerObserver::may_matter(const SseEvent& fields) const {
  if (is_plain_delta(dialect_, fields.event)) return false;
  return is_typed(dialect_) || fields.multi_line || fields.event == "error" ||
         may_hold_usage_or_error(fields.data);
}

EventFacts AnswerObserver::read_event(std::string_view name, std::string_view data) {
  const AnswerJson json = read_answer_json(data, AnswerPart::event);
  const std::string_view type = json.type.empty() ? name : json.type;
  take(json);
  EventFacts facts;
  switch (dialect_) {
    case Dialect::openai_chat:
    case Dialect::openai_completion: facts = read_chat_event(json); break;
    case Dialect::openai_responses: facts = read_responses_event(json, type); break;
    case Dialect::anthropic_messages: facts = read_anthropic_event(json, type); break;
    case Dialect::openai_other:
      facts.error = json.error || type == "error";
      facts.content = !facts.error;
      break;
  }
  facts.error = facts.error || name == "error";
  facts.content = facts.content && !facts.error;
  return facts;
}

bool AnswerObserver::observe_body(std::string_view body) {
  const AnswerJson json = read_answer_json(body, AnswerPart::body);
  take(json);
  // A response that failed is one of the Responses API's answers, and names its error.
  return json.error && dialect_ != Dialect::openai_responses;
}

void AnswerObserver::take(const AnswerJson& json) {
  if (response_id_.empty() && json.id.size() <= kMaxResponseIdBytes) response_id_ = json.id;
  if (json.has_usage) take_usage(usage_, json.counts);
}

std::string render_stream_error(Dialect dialect, Errc code, std::string_view message,
                                std::uint32_t sequence) {
  const ErrorTraits& traits = traits_of(code);
  std::string text;
  append_json_escaped(text, message.substr(0, kMaxErrorMessageBytes));
  const auto join = [](std::initializer_list<std::string_view> parts) {
    std::string out;
    for (const std::string_view part : parts) out += part;
    return out;
  };
  switch (dialect) {
    case Dialect::anthropic_messages:
      return join({"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"",
                   traits.anthropic_type, R"(","message":")", text, "\"}}\n\n"});
    case Dialect::openai_responses:
      // The documented form, and the object that OpenAI's SDKs raise for (docs/adr/0009).
      return join({"event: error\ndata: {\"type\":\"error\",\"code\":\"", traits.code,
                   R"(","message":")", text, R"(","param":null,"sequence_number":)",
                   std::to_string(sequence), R"(,"error":{"message":")", text, R"(","type":")",
                   traits.type, R"(","param":null,"code":")", traits.code, "\"}}\n\n"});
    case Dialect::openai_chat:
    case Dialect::openai_completion:
    case Dialect::openai_other: break;
  }
  return join({"data: {\"error\":{\"message\":\"", text, R"(","type":")", traits.type,
               R"(","param":null,"code":")", traits.code, "\"}}\n\n"});
}

}  // namespace tallygate::wire
