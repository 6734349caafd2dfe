#include "gateway/wire/json/answer_json.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <string>

#include "gateway/wire/json/json_skimmer.h"
#include "gateway/wire/json/json_tokens.h"
#include "gateway/wire/json/json_walker.h"

namespace tallygate::wire {
namespace {

struct Scratch {
  JsonTokenizer tokenizer;
  std::string id, type;
};

// A tokenizer per observer would cost 64 KiB for each idle stream.
Scratch& thread_scratch() {
  thread_local Scratch scratch;
  return scratch;
}

/// As ==, with a comparison of constant size that needs no call.
template <std::size_t kBytes>
bool is(std::string_view key, const char (&name)[kBytes]) {
  return key.size() == kBytes - 1 && std::memcmp(key.data(), name, kBytes - 1) == 0;
}

std::int64_t parse_count(std::string_view value) {
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  constexpr std::size_t kPlainDigits = 9;
  std::int64_t plain = 0;
  std::size_t digits = 0;
  while (digits < value.size() && value[digits] >= '0' && value[digits] <= '9') {
    if (digits == kPlainDigits) break;
    plain = plain * 10 + (value[digits++] - '0');
  }
  const bool ended = digits == value.size() || value[digits] <= ' ';
  if (digits > 0 && ended) return plain;
  double number = -1;  // 12.0 and 1e3 are numbers too
  std::from_chars(value.data(), value.data() + value.size(), number);
  if (!(number >= 0)) return -1;
  return static_cast<std::int64_t>(std::min(number, static_cast<double>(kMost)));
}

class Reading {
 public:
  Reading(std::string_view text, const JsonTokens& tokens, AnswerPart part, Scratch& scratch)
      : skimmer_(text, tokens), scratch_(scratch), whole_(part == AnswerPart::body) {}

  AnswerJson run() {
    answer_.valid = skimmer_.walk_object([this](std::string_view key) { return read_member(key); });
    answer_.valid = answer_.valid && skimmer_.at_end();
    return answer_.valid ? answer_ : AnswerJson{};
  }

 private:
  bool skip() { return skimmer_.skip(); }

  bool read_member(std::string_view key) {
    switch (key.size()) {
      case 2:
        if (is(key, "id") && !nested_id_) return read_text(answer_.id, scratch_.id);
        break;
      case 4:
        if (is(key, "type")) return read_text(answer_.type, scratch_.type);
        break;
      case 5:
        if (is(key, "usage")) return read_usage();
        if (is(key, "error")) answer_.error = answer_.error || tells_something();
        if (is(key, "delta") && !whole_) return read_delta();
        break;
      case 6:
        if (is(key, "object")) answer_.error = answer_.error || skimmer_.string() == "error";
        break;
      case 7:
        if (is(key, "choices") && !whole_) return read_choices();
        if (is(key, "message")) return read_nested();
        break;
      case 8:
        if (is(key, "response")) return read_nested();
        break;
      case 13:
        if (is(key, "content_block") && !whole_) return read_delta();
        break;
      default: break;
    }
    return skip();
  }

  /// Some servers send "error": null, false, "" or {} with every answer.
  bool tells_something() const {
    if (skimmer_.peek() == '{') return skimmer_.peek_behind() != '}';
    if (skimmer_.peek() == '"') return !skimmer_.string().empty();
    const std::string_view value = skimmer_.scalar();
    return !value.starts_with("null") && !value.starts_with("false");
  }

  // Anthropic's message_start and the typed events of Responses carry the answer one level down.
  bool read_nested() {
    if (skimmer_.peek() != '{') return skip();
    return skimmer_.walk_object([this](std::string_view key) {
      if (is(key, "usage")) return read_usage();
      if (!is(key, "id")) return skip();
      nested_id_ = true;
      return read_text(answer_.id, scratch_.id);
    });
  }

  bool read_text(std::string_view& text, std::string& scratch) {
    const std::string_view literal = skimmer_.string();
    if (skimmer_.peek() == '"') {
      if (find_bad_escape(literal) != literal.size()) return false;
      text = unescape(literal, scratch);
    }
    return skip();
  }

  bool read_choices() {
    if (skimmer_.peek() != '[') return skip();
    answer_.no_choices = true;
    return skimmer_.walk_array([this] {
      answer_.no_choices = false;
      if (skimmer_.peek() != '{') return skip();
      return skimmer_.walk_object([this](std::string_view key) {
        if (is(key, "delta")) return read_delta();
        return is(key, "text") || is(key, "finish_reason") ? read_content() : skip();
      });
    });
  }

  // An object in chat and Anthropic, the text itself in Responses.
  bool read_delta() {
    if (skimmer_.peek() != '{') return read_content();
    return skimmer_.walk_object([this](std::string_view key) {
      return is(key, "role") || is(key, "type") ? skip() : read_content();
    });
  }

  // What says something is neither null, nor empty, nor a number or flag.
  bool read_content() {
    switch (skimmer_.peek()) {
      case '"': answer_.content = answer_.content || !skimmer_.string().empty(); break;
      case '{': answer_.content = answer_.content || skimmer_.peek_behind() != '}'; break;
      case '[': answer_.content = answer_.content || skimmer_.peek_behind() != ']'; break;
      default: break;
    }
    return skip();
  }

  bool read_usage() {
    if (skimmer_.peek() != '{') return skip();
    answer_.has_usage = true;
    return skimmer_.walk_object([this](std::string_view key) {
      if (skimmer_.peek() == '{') return read_details(key);
      if (std::int64_t* const count = count_of(key)) *count = parse_count(skimmer_.scalar());
      return skip();
    });
  }

  bool read_details(std::string_view key) {
    if (!is(key, "prompt_tokens_details") && !is(key, "input_tokens_details")) return skip();
    return skimmer_.walk_object([this](std::string_view detail) {
      if (is(detail, "cached_tokens")) answer_.counts.cached = parse_count(skimmer_.scalar());
      return skip();
    });
  }

  std::int64_t* count_of(std::string_view key) {
    TokenCounts& counts = answer_.counts;
    if (is(key, "prompt_tokens") || is(key, "input_tokens")) return &counts.input;
    if (is(key, "completion_tokens") || is(key, "output_tokens")) return &counts.output;
    if (is(key, "total_tokens")) return &counts.total;
    if (is(key, "cache_creation_input_tokens")) return &counts.cache_creation;
    if (is(key, "cache_read_input_tokens")) return &counts.cache_read;
    return nullptr;
  }

  JsonSkimmer skimmer_;
  Scratch& scratch_;
  AnswerJson answer_;
  bool whole_ = false;
  bool nested_id_ = false;
};

}  // namespace

AnswerJson read_answer_json(std::string_view text, AnswerPart part) {
  Scratch& scratch = thread_scratch();
  const JsonTokens tokens = scratch.tokenizer.find_tokens(text);
  if (tokens.fault != JsonFault::none) return {};
  return Reading(text, tokens, part, scratch).run();
}

}  // namespace tallygate::wire
