#include "gateway/wire/json/json_walker.h"

#include <algorithm>
#include <cstring>

#include "gateway/wire/json/utf8.h"

namespace tallygate::wire {
namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// No quote: the tokenizer gives none of its own to a string that is glued to a scalar.
constexpr bool ends_scalar(char c) {
  return is_space(c) || c == ',' || c == '}' || c == ']' || c == ':' || c == '{' || c == '[';
}

std::size_t count_digits(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  return n;
}

// Length of the number at the front of `text`, 0 if there is none.
std::size_t number_size(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = count_digits(text.substr(at));
  if (whole == 0 || (whole > 1 && text[at] == '0')) return 0;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t digits = count_digits(text.substr(at + 1));
    if (digits == 0) return 0;
    at += 1 + digits;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t digits = count_digits(text.substr(at));
    if (digits == 0) return 0;
    at += digits;
  }
  return at;
}

std::size_t scalar_size(std::string_view text) {
  switch (text.front()) {
    case 't': return text.starts_with("true") ? 4 : 0;
    case 'f': return text.starts_with("false") ? 5 : 0;
    case 'n': return text.starts_with("null") ? 4 : 0;
    default: return number_size(text);
  }
}

// The four hex digits at the front of `text`, or -1.
int hex4(std::string_view text) {
  if (text.size() < 4) return -1;
  int value = 0;
  for (const char c : text.substr(0, 4)) {
    int digit = -1;
    if (is_digit(c)) digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

constexpr bool is_high_surrogate(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
constexpr bool is_low_surrogate(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// Bytes of the escape (or surrogate pair of escapes) at the front of `rest`, 0 if invalid.
std::size_t escape_size(std::string_view rest) {
  if (rest.size() < 2) return 0;
  if (rest[1] != 'u') return std::strchr("\"\\/bfnrt", rest[1]) && rest[1] != '\0' ? 2 : 0;
  const int first = hex4(rest.substr(2));
  if (first < 0 || is_low_surrogate(first)) return 0;
  if (!is_high_surrogate(first)) return 6;
  if (rest.size() < 12 || rest[6] != '\\' || rest[7] != 'u') return 0;
  return is_low_surrogate(hex4(rest.substr(8))) ? 12 : 0;
}

std::size_t find_backslash(std::string_view text, std::size_t from) {
  const std::size_t found = text.find('\\', from);
  return found == std::string_view::npos ? text.size() : found;
}

// The code point of the checked escape \uXXXX or pair at the front of `text`; `size` = its bytes.
char32_t decode_unicode_escape(std::string_view text, std::size_t& size) {
  const int first = hex4(text.substr(2));
  size = 6;
  if (!is_high_surrogate(first)) return static_cast<char32_t>(first);
  const int second = hex4(text.substr(8));
  size = 12;
  return static_cast<char32_t>(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
}

char decode_short_escape(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

}  // namespace

JsonWalker::JsonWalker(std::string_view text, const JsonTokens& tokens, std::uint32_t max_depth)
    : text_(text),
      next_(tokens.begin),
      end_(tokens.end),
      escape_at_(find_backslash(text, 0)),
      depth_left_(std::min(max_depth, kDeepest)) {}

bool JsonWalker::fail(std::size_t offset, const char* reason) {
  if (!reason_) {
    reason_ = reason;
    failed_at_ = offset;
  }
  return false;
}

bool JsonWalker::expect(char token, const char* reason) {
  return accept(token) || fail(position(), reason);
}

bool JsonWalker::open(char bracket) {
  if (depth_left_ == 0) return fail(position(), "nested too deep");
  --depth_left_;
  return expect(bracket, bracket == '{' ? "expected an object" : "expected an array");
}

bool JsonWalker::close(char bracket) {
  ++depth_left_;
  return expect(bracket, bracket == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
}

std::string_view JsonWalker::take_value() {
  const std::size_t start = position();
  const auto take_one = [this] { return !take_value().empty(); };
  bool taken = false;
  switch (peek()) {
    case '"': return take_string();
    case '{': taken = walk_object([&](std::string_view) { return take_one(); }); break;
    case '[': taken = walk_array(take_one); break;
    default: return take_scalar();
  }
  if (!taken) return {};
  return text_.substr(start, taken_end() - start);
}

std::string_view JsonWalker::take_string() {
  const std::size_t start = position();
  if (peek() != '"') {
    fail(start, "expected a string");
    return {};
  }
  ++next_;
  // Between a closing quote and the next token there is only white space.
  const char* const text = text_.data();
  std::size_t end = position();
  while (is_space(text[end - 1])) --end;
  if (end < start + 2 || text[end - 1] != '"') {
    fail(start, "a string is not closed");
    return {};
  }
  if (escape_at_ < end && !check_escapes(start, end)) return {};
  return {text + start, end - start};
}

// The backslash ahead is known at all times, so that a string without one costs nothing.
bool JsonWalker::check_escapes(std::size_t start, std::size_t end) {
  if (escape_at_ < start) escape_at_ = find_backslash(text_, start);
  if (escape_at_ >= end) return true;
  const std::string_view inside = text_.substr(start + 1, end - start - 2);
  const std::size_t bad = find_bad_escape(inside);
  if (bad != inside.size()) {
    return fail(start + 1 + bad, "invalid escape or lone surrogate in a string");
  }
  escape_at_ = find_backslash(text_, end);
  return true;
}

std::string_view JsonWalker::take_scalar() {
  const std::size_t start = position();
  const std::string_view rest = text_.substr(start);
  const std::size_t size = rest.empty() ? 0 : scalar_size(rest);
  if (size == 0 || (size < rest.size() && !ends_scalar(rest[size]))) {
    fail(start, "expected a value");
    return {};
  }
  ++next_;
  return rest.substr(0, size);
}

std::size_t find_bad_escape(std::string_view inside) {
  std::size_t at = find_backslash(inside, 0);
  while (at < inside.size()) {
    const std::size_t size = escape_size(inside.substr(at));
    if (size == 0) return at;
    at = find_backslash(inside, at + size);
  }
  return inside.size();
}

std::string_view unescape(std::string_view inside, std::string& scratch) {
  std::size_t at = inside.find('\\');
  if (at == std::string_view::npos) return inside;
  scratch.assign(inside, 0, at);
  while (at < inside.size()) {
    if (inside[at] != '\\') {
      scratch += inside[at++];
    } else if (inside[at + 1] != 'u') {
      scratch += decode_short_escape(inside[at + 1]);
      at += 2;
    } else {
      std::size_t size = 0;
      append_utf8(scratch, decode_unicode_escape(inside.substr(at), size));
      at += size;
    }
  }
  return scratch;
}

}  // namespace tallygate::wire
