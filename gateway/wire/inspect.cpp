#include "gateway/wire/inspect.h"

#include <array>
#include <optional>

#include "gateway/wire/json/json_tokens.h"
#include "gateway/wire/json/json_walker.h"
#include "gateway/wire/json/utf8.h"

namespace tallygate::wire {
namespace {

enum Key : std::uint8_t {
  kModel,
  kStream,
  kStreamOptions,
  kUser,
  kSafetyIdentifier,
  kMetadata,
  kMessages,
  kInput,
  kPrompt,
  kStore,
  kIncludeUsage,
  kMetadataUserId,
  kKeyCount
};

// The names that errors use; the last two live one level down.
constexpr std::array<std::string_view, kKeyCount> kParams = {"model",
                                                             "stream",
                                                             "stream_options",
                                                             "user",
                                                             "safety_identifier",
                                                             "metadata",
                                                             "messages",
                                                             "input",
                                                             "prompt",
                                                             "store",
                                                             "stream_options.include_usage",
                                                             "metadata.user_id"};

Key find_top_key(std::string_view name) {
  const auto key_if = [name](Key key) { return kParams[key] == name ? key : kKeyCount; };
  if (name.empty()) return kKeyCount;
  switch (name.front()) {
    case 'i': return key_if(kInput);
    case 'p': return key_if(kPrompt);
    case 'u': return key_if(kUser);
    case 'm':
      return name.size() == 5 ? key_if(kModel) : key_if(name == "messages" ? kMessages : kMetadata);
    case 's':
      switch (name.size()) {
        case 5: return key_if(kStore);
        case 6: return key_if(kStream);
        case 14: return key_if(kStreamOptions);
        default: return key_if(kSafetyIdentifier);
      }
    default: return kKeyCount;
  }
}

std::string_view inside_of(std::string_view literal) {
  return literal.substr(1, literal.size() - 2);
}

Error json_error(std::string_view what, std::size_t offset) {
  return make_error(Errc::invalid_json, "the body is not valid JSON: " + std::string(what) +
                                            " at byte " + std::to_string(offset));
}

// Slow, and only for the message: the tokenizer tells that there is one, not where.
std::size_t find_control_character(std::string_view body) {
  bool in_string = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (in_string && static_cast<unsigned char>(body[i]) < 0x20) return i;
    if (in_string && body[i] == '\\') {
      ++i;
    } else if (body[i] == '"') {
      in_string = !in_string;
    }
  }
  return body.size();
}

Error fault_error(JsonFault fault, std::string_view body) {
  switch (fault) {
    case JsonFault::none: break;
    case JsonFault::empty:
      return make_error(Errc::invalid_json, "the body is empty; send a JSON object");
    case JsonFault::too_large:
      return make_error(Errc::invalid_json, "the body is too large to be read as JSON");
    case JsonFault::invalid_utf8: return json_error("invalid UTF-8", find_invalid_utf8(body));
    case JsonFault::control_character:
      return json_error("a control character that is not escaped in a string",
                        find_control_character(body));
    case JsonFault::unclosed_string: return json_error("a string is not closed", body.size());
  }
  return make_error(Errc::internal, "no JSON fault");
}

struct Scratch {
  std::string key, model, user, safety_identifier, metadata_user_id;
};

// One pass over one body.
class Reading {
 public:
  Reading(std::string_view body, const JsonTokens& tokens, std::uint32_t max_depth,
          Scratch& scratch)
      : body_(body), walker_(body, tokens, max_depth), scratch_(scratch) {}

  Result<BodyFacts> run() {
    const bool read = walker_.walk_object([this](std::string_view key) {
      return read_member(find_top_key(unescape(inside_of(key), scratch_.key)));
    });
    if (error_) return std::move(*error_);
    if (read && !walker_.at_end()) take_trailing();
    if (walker_.failed()) return json_error(walker_.reason(), walker_.failed_at());
    if (!facts_.model_value.present()) {
      return make_error(Errc::missing_parameter, "the body names no \"model\"", "model");
    }
    facts_.last_brace = {body_.rfind('}'), 1};
    return facts_;
  }

 private:
  void take_trailing() { walker_.fail(walker_.position(), "more bytes after the document"); }

  bool refuse(Key key, std::string_view what) {
    error_ = make_error(Errc::invalid_parameter,
                        '"' + std::string(kParams[key]) + "\" " + std::string(what),
                        std::string(kParams[key]));
    return false;
  }

  bool note(Key key) {
    const std::uint32_t bit = 1u << key;
    if (seen_ & bit) return refuse(key, "is given more than once");
    seen_ |= bit;
    return true;
  }

  Span span_of(std::string_view value) const {
    return {static_cast<std::size_t>(value.data() - body_.data()), value.size()};
  }

  bool skip() { return !walker_.take_value().empty(); }

  bool read_member(Key key) {
    if (key == kKeyCount) return skip();
    if (!note(key)) return false;
    switch (key) {
      case kModel: return read_model();
      case kStream: return read_flag(key, facts_.stream, nullptr);
      case kStore: return read_flag(key, facts_.store, nullptr);
      case kStreamOptions: return read_stream_options();
      case kMetadata: return read_metadata();
      case kUser: return read_text(key, facts_.user, scratch_.user);
      case kSafetyIdentifier:
        return read_text(key, facts_.safety_identifier, scratch_.safety_identifier);
      case kMessages: return read_presence(facts_.has_messages);
      case kInput: return read_presence(facts_.has_input);
      case kPrompt: return read_presence(facts_.has_prompt);
      case kIncludeUsage:
      case kMetadataUserId:
      case kKeyCount: break;
    }
    return skip();
  }

  bool read_model() {
    const std::string_view literal = walker_.take_value();
    if (literal.empty()) return false;
    if (literal.front() != '"') return refuse(kModel, "must be a string");
    facts_.model_value = span_of(literal);
    facts_.model = unescape(inside_of(literal), scratch_.model);
    return !facts_.model.empty() || refuse(kModel, "must not be empty");
  }

  bool read_flag(Key key, bool& flag, Span* where) {
    const std::string_view value = walker_.take_value();
    if (value.empty()) return false;
    if (value != "true" && value != "false" && value != "null") {
      return refuse(key, "must be true or false");
    }
    flag = value == "true";
    if (where) *where = span_of(value);
    return true;
  }

  bool read_text(Key key, std::string_view& text, std::string& scratch) {
    const std::string_view literal = walker_.take_value();
    if (literal.empty()) return false;
    if (literal == "null") return true;
    if (literal.front() != '"') return refuse(key, "must be a string");
    text = unescape(inside_of(literal), scratch);
    return true;
  }

  bool read_presence(bool& present) {
    const std::string_view value = walker_.take_value();
    present = value != "null";
    return !value.empty();
  }

  // True = an object is next; otherwise `null` was taken, or an error is set.
  bool object_follows(Key key, bool& go_on) {
    if (walker_.peek() == '{') return true;
    const std::string_view value = walker_.take_value();
    go_on = value == "null" || (!value.empty() && refuse(key, "must be an object"));
    if (key == kStreamOptions && go_on) facts_.stream_options_value = span_of(value);
    return false;
  }

  bool read_stream_options() {
    bool go_on = true;
    if (!object_follows(kStreamOptions, go_on)) return go_on;
    const std::size_t start = walker_.position();
    facts_.has_stream_options = true;
    facts_.empty_stream_options = true;
    const bool read = walker_.walk_object([this](std::string_view key) {
      facts_.empty_stream_options = false;
      if (unescape(inside_of(key), scratch_.key) != "include_usage") return skip();
      return note(kIncludeUsage) &&
             read_flag(kIncludeUsage, facts_.include_usage, &facts_.include_usage_value);
    });
    facts_.stream_options_value = {start, walker_.taken_end() - start};
    return read;
  }

  bool read_metadata() {
    bool go_on = true;
    if (!object_follows(kMetadata, go_on)) return go_on;
    return walker_.walk_object([this](std::string_view key) {
      if (unescape(inside_of(key), scratch_.key) != "user_id") return skip();
      return note(kMetadataUserId) &&
             read_text(kMetadataUserId, facts_.metadata_user_id, scratch_.metadata_user_id);
    });
  }

  std::string_view body_;
  JsonWalker walker_;
  Scratch& scratch_;
  BodyFacts facts_;
  std::uint32_t seen_ = 0;
  std::optional<Error> error_;
};

}  // namespace

struct Inspector::State {
  JsonTokenizer tokenizer;
  Scratch scratch;
};

Inspector::Inspector() : state_(std::make_unique<State>()) {}
Inspector::~Inspector() = default;

Result<BodyFacts> Inspector::inspect(std::string_view body, std::uint32_t max_depth) {
  if (body.starts_with("\xEF\xBB\xBF")) {
    return make_error(Errc::invalid_json,
                      "the body starts with a byte order mark; send it without");
  }
  const JsonTokens tokens = state_->tokenizer.find_tokens(body);
  if (tokens.fault != JsonFault::none) return fault_error(tokens.fault, body);
  return Reading(body, tokens, max_depth, state_->scratch).run();
}

}  // namespace tallygate::wire
