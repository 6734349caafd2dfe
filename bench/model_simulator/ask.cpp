#include "bench/model_simulator/ask.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace tallygate::simulator {
namespace {

/// Walks JSON text without building anything. Malformed text ends the walk, never leaves `text`.
class JsonWalk {
 public:
  explicit JsonWalk(std::string_view text) : text_(text) {}

  bool enter(char open) {
    skip_blanks();
    if (!at(open)) return false;
    ++at_;
    return true;
  }

  /// Next key of the object that was entered; false at its end.
  bool next_key(std::string_view& key) {
    skip_blanks();
    if (at(',')) ++at_;
    skip_blanks();
    if (!at('"')) return false;
    key = string();
    skip_blanks();
    if (!at(':')) return false;
    ++at_;
    return true;
  }

  /// The raw value at the cursor, which moves past it; a string comes with its quotes.
  std::string_view value() {
    skip_blanks();
    const std::size_t from = at_;
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        string();
        if (depth == 0) break;
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') {
        if (depth == 0) break;
        if (--depth == 0) {
          ++at_;
          break;
        }
      }
      if (depth == 0 && (c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t')) break;
      ++at_;
    }
    return text_.substr(from, at_ - from);
  }

 private:
  bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }

  void skip_blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  /// The cursor is on a quote; moves past the closing one and returns what is between.
  std::string_view string() {
    const std::size_t from = ++at_;
    for (;;) {
      const std::size_t quote = text_.find('"', at_);
      if (quote == std::string_view::npos) {
        at_ = text_.size();
        return text_.substr(from);
      }
      std::size_t slashes = 0;
      while (slashes < quote - from && text_[quote - slashes - 1] == '\\') ++slashes;
      at_ = quote + 1;
      if (slashes % 2 == 0) return text_.substr(from, quote - from);
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

unsigned count_elements(std::string_view array) {
  JsonWalk walk(array);
  if (!walk.enter('[')) return 1;
  unsigned count = 0;
  bool numbers = false;
  std::size_t used = 1;
  for (;;) {
    const std::string_view one = walk.value();
    if (one.empty()) break;
    numbers = one[0] >= '0' && one[0] <= '9';
    ++count;
    used = static_cast<std::size_t>(one.data() - array.data()) + one.size();
    const std::size_t comma = array.find_first_not_of(" \t\r\n", used);
    if (comma == std::string_view::npos || array[comma] != ',') break;
    walk = JsonWalk(array.substr(comma + 1));
  }
  // A flat list of numbers is one input, already cut into tokens.
  return numbers ? 1 : std::max(1U, count);
}

unsigned number_or(std::string_view text, unsigned otherwise) {
  unsigned value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc{} ? value : otherwise;
}

std::string_view unquote(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return {};
  return value.substr(1, value.size() - 2);
}

void read_json(std::string_view body, Ask& ask) {
  JsonWalk walk(body);
  if (!walk.enter('{')) return;
  std::string_view key;
  while (walk.next_key(key)) {
    const std::string_view value = walk.value();
    if (key == "model") {
      ask.model = unquote(value);
    } else if (key == "stream") {
      ask.stream = value == "true";
    } else if (key == "stream_options") {
      JsonWalk options(value);
      std::string_view option;
      if (!options.enter('{')) continue;
      while (options.next_key(option)) {
        const bool yes = options.value() == "true";
        if (option == "include_usage") ask.include_usage = yes;
      }
    } else if (key == "max_tokens" || key == "max_completion_tokens" ||
               key == "max_output_tokens") {
      ask.max_tokens = number_or(value, ask.max_tokens);
    } else if (key == "encoding_format") {
      ask.base64 = value == "\"base64\"";
    } else if ((key == "input" && ask.endpoint != Endpoint::responses) || key == "documents") {
      ask.inputs = count_elements(value);
    } else if (key == "n" && ask.endpoint == Endpoint::images) {
      ask.inputs = number_or(value, 1);
    }
  }
  ask.inputs = std::min(ask.inputs, 4096U);
}

std::string_view form_field(std::string_view body, std::string_view name) {
  const std::size_t found = body.find(fmt::format("name=\"{}\"", name));
  if (found == std::string_view::npos) return {};
  const std::size_t start = body.find("\r\n\r\n", found);
  if (start == std::string_view::npos) return {};
  const std::size_t end = body.find("\r\n", start + 4);
  return end == std::string_view::npos ? std::string_view{}
                                       : body.substr(start + 4, end - start - 4);
}

}  // namespace

std::string escape_json(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

Endpoint find_endpoint(std::string_view method, std::string_view target) {
  using Row = std::pair<std::string_view, Endpoint>;
  static constexpr std::array<Row, 15> kPosts{{
      {"/v1/chat/completions", Endpoint::chat},
      {"/v1/completions", Endpoint::completions},
      {"/v1/embeddings", Endpoint::embeddings},
      {"/v1/responses", Endpoint::responses},
      {"/v1/moderations", Endpoint::moderations},
      {"/v1/rerank", Endpoint::rerank},
      {"/v1/images/generations", Endpoint::images},
      {"/v1/images/edits", Endpoint::images},
      {"/v1/images/variations", Endpoint::images},
      {"/v1/audio/speech", Endpoint::speech},
      {"/v1/audio/transcriptions", Endpoint::transcriptions},
      {"/v1/audio/translations", Endpoint::transcriptions},
      {"/v1/messages", Endpoint::messages},
      {"/simulator/reset", Endpoint::reset},
      {"/simulator/fault", Endpoint::fault},
  }};
  static constexpr std::array<Row, 3> kGets{{
      {"/v1/models", Endpoint::models},
      {"/simulator/last", Endpoint::last},
      {"/simulator/stats", Endpoint::stats},
  }};
  const std::string_view path = target.substr(0, target.find('?'));
  const auto look_up = [path](const auto& rows) {
    for (const auto& [name, endpoint] : rows) {
      if (name == path) return endpoint;
    }
    return Endpoint::unknown;
  };
  if (method == "POST") return look_up(kPosts);
  if (method == "GET" && path.starts_with("/v1/models/")) return Endpoint::models;
  return method == "GET" ? look_up(kGets) : Endpoint::unknown;
}

Ask parse_ask(const Request& request) {
  Ask ask;
  const std::string_view target = request.target();
  ask.endpoint = find_endpoint(request.method(), target);
  if (ask.endpoint == Endpoint::models) {
    const std::string_view path = target.substr(0, target.find('?'));
    constexpr std::string_view kOne = "/v1/models/";
    if (path.starts_with(kOne)) ask.model = escape_json(path.substr(kOne.size()));
  } else if (!request.body.empty() && request.body[0] == '-') {
    ask.model = escape_json(form_field(request.body, "model"));
    ask.stream = form_field(request.body, "stream") == "true";
  } else {
    read_json(request.body, ask);
  }
  return ask;
}

}  // namespace tallygate::simulator
