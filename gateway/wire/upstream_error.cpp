#include "gateway/wire/upstream_error.h"

#include "gateway/wire/json/json_skimmer.h"
#include "gateway/wire/json/json_tokens.h"

namespace tallygate::wire {
namespace {

/// As they stand in the text, escapes and all.
struct ErrorFields {
  std::string_view code, type, message;
};

/// vLLM's older servers have these at the top, all others inside `error`.
ErrorFields read_fields(std::string_view body, const JsonTokens& tokens) {
  JsonSkimmer skimmer(body, tokens);
  ErrorFields fields;
  const auto read_field = [&](std::string_view key) {
    if (key == "code") fields.code = skimmer.string();
    if (key == "type" && skimmer.string() != "error") fields.type = skimmer.string();
    if (key == "message") fields.message = skimmer.string();
    return skimmer.skip();
  };
  skimmer.walk_object([&](std::string_view key) {
    if (key == "error" && skimmer.peek() == '{') return skimmer.walk_object(read_field);
    return read_field(key);
  });
  return fields;
}

}  // namespace

ErrorMeaning meaning_of_error(std::string_view body) {
  thread_local JsonTokenizer tokenizer;
  const JsonTokens tokens = tokenizer.find_tokens(body);
  if (tokens.fault != JsonFault::none) return ErrorMeaning::other;
  const ErrorFields fields = read_fields(body, tokens);
  constexpr std::string_view kQuota = "insufficient_quota";
  if (fields.code == kQuota || fields.type == kQuota) return ErrorMeaning::quota_spent;
  const bool not_found = fields.type == "not_found_error" || fields.type == "NotFoundError";
  const bool of_model = fields.message.find("model") != std::string_view::npos;
  if (fields.code == "model_not_found" || (not_found && of_model)) {
    return ErrorMeaning::unknown_model;
  }
  return ErrorMeaning::other;
}

}  // namespace tallygate::wire
