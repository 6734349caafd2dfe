#include "gateway/wire/answer_json.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

#include "gateway/wire/json_tokens.h"
#include "gateway/wire/json_walker.h"

namespace tallygate::wire {
namespace {

constexpr std::uint32_t kMaxDepth = 64;

struct Scratch {
  JsonTokenizer tokenizer;
  std::string id, type;
};

// A tokenizer per observer would cost 64 KiB for each idle stream.
Scratch& thread_scratch() {
  thread_local Scratch scratch;
  return scratch;
}

bool is_inside_blank(std::string_view literal) {
  return literal.substr(1, literal.size() - 2).find_first_not_of(" \t\r\n") ==
         std::string_view::npos;
}

// Whether a value of a delta says something: neither null, nor empty, nor a number or flag.
bool says_something(std::string_view value) {
  if (value.starts_with('"')) return value.size() > 2;
  return (value.starts_with('{') || value.starts_with('[')) && !is_inside_blank(value);
}

std::int64_t parse_count(std::string_view value) {
  double number = -1;
  std::from_chars(value.data(), value.data() + value.size(), number);
  if (!(number >= 0)) return -1;
  return static_cast<std::int64_t>(
      std::min(number, double{std::numeric_limits<std::uint32_t>::max()}));
}

class Reading {
 public:
  Reading(std::string_view text, const JsonTokens& tokens, Scratch& scratch)
      : walker_(text, tokens, kMaxDepth), scratch_(scratch) {}

  AnswerJson run() {
    answer_.valid = walker_.walk_object([this](std::string_view key) { return read_member(key); });
    answer_.valid = answer_.valid && walker_.at_end();
    return answer_.valid ? answer_ : AnswerJson{};
  }

 private:
  bool skip() { return !walker_.skip_value().empty(); }

  bool read_member(std::string_view key) {
    if (key == R"("id")") return nested_id_ ? skip() : read_text(answer_.id, scratch_.id);
    if (key == R"("type")") return read_text(answer_.type, scratch_.type);
    if (key == R"("choices")") return read_choices();
    if (key == R"("usage")") return read_usage();
    if (key == R"("delta")" || key == R"("content_block")") return read_delta();
    if (key == R"("message")" || key == R"("response")") return read_nested();
    if (key != R"("error")" && key != R"("object")") return skip();
    const std::string_view value = walker_.skip_value();
    const bool is_object_name = key.size() > 7;
    if (is_object_name ? value == R"("error")" : value != "null") answer_.error = true;
    return !value.empty();
  }

  // Anthropic's message_start and the typed events of Responses carry the answer one level down.
  bool read_nested() {
    if (walker_.peek() != '{') return skip();
    return walker_.walk_object([this](std::string_view key) {
      if (key == R"("usage")") return read_usage();
      if (key != R"("id")") return skip();
      nested_id_ = true;
      return read_text(answer_.id, scratch_.id);
    });
  }

  bool read_text(std::string_view& text, std::string& scratch) {
    if (walker_.peek() != '"') return skip();
    const std::string_view literal = walker_.take_string();
    if (literal.empty()) return false;
    text = unescape(literal, scratch);
    return true;
  }

  bool read_choices() {
    if (walker_.peek() != '[') return skip();
    answer_.no_choices = true;
    return walker_.walk_array([this] {
      answer_.no_choices = false;
      if (walker_.peek() != '{') return skip();
      return walker_.walk_object([this](std::string_view key) { return read_choice_member(key); });
    });
  }

  bool read_choice_member(std::string_view key) {
    if (key == R"("delta")") return read_delta();
    const std::string_view value = walker_.skip_value();
    if (key == R"("text")" || key == R"("finish_reason")") note_content(value);
    return !value.empty();
  }

  // An object in chat and Anthropic, the text itself in Responses.
  bool read_delta() {
    if (walker_.peek() != '{') {
      const std::string_view value = walker_.skip_value();
      note_content(value);
      return !value.empty();
    }
    return walker_.walk_object([this](std::string_view key) {
      const std::string_view value = walker_.skip_value();
      if (key != R"("role")" && key != R"("type")") note_content(value);
      return !value.empty();
    });
  }

  void note_content(std::string_view value) {
    if (says_something(value)) answer_.content = true;
  }

  bool read_usage() {
    if (walker_.peek() != '{') return skip();
    answer_.has_usage = true;
    return walker_.walk_object([this](std::string_view key) { return read_usage_member(key); });
  }

  bool read_usage_member(std::string_view key) {
    TokenCounts& counts = answer_.counts;
    if (walker_.peek() == '{') {
      const bool details =
          key == R"("prompt_tokens_details")" || key == R"("input_tokens_details")";
      if (!details) return skip();
      return walker_.walk_object([&](std::string_view detail) {
        const std::string_view value = walker_.skip_value();
        if (detail == R"("cached_tokens")") counts.cached = parse_count(value);
        return !value.empty();
      });
    }
    const std::string_view value = walker_.skip_value();
    if (key == R"("prompt_tokens")" || key == R"("input_tokens")") {
      counts.input = parse_count(value);
    } else if (key == R"("completion_tokens")" || key == R"("output_tokens")") {
      counts.output = parse_count(value);
    } else if (key == R"("total_tokens")") {
      counts.total = parse_count(value);
    } else if (key == R"("cache_creation_input_tokens")") {
      counts.cache_creation = parse_count(value);
    } else if (key == R"("cache_read_input_tokens")") {
      counts.cache_read = parse_count(value);
    }
    return !value.empty();
  }

  JsonWalker walker_;
  Scratch& scratch_;
  AnswerJson answer_;
  bool nested_id_ = false;
};

}  // namespace

AnswerJson read_answer_json(std::string_view text) {
  Scratch& scratch = thread_scratch();
  const JsonTokens tokens = scratch.tokenizer.find_tokens(text);
  if (tokens.fault != JsonFault::none) return {};
  return Reading(text, tokens, scratch).run();
}

}  // namespace tallygate::wire
