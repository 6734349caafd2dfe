#pragma once
// Walks a JSON text along its tokens, left to right, and checks its grammar (RFC 8259). Lone
// surrogates are refused: no UTF-8 text can hold them. Builds nothing: values are views into the
// text. Private to wire; a stack object.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/wire/json/json_tokens.h"

namespace tallygate::wire {

class JsonWalker {
 public:
  /// `max_depth` counts open brackets and is capped at kDeepest, since the walk recurses.
  static constexpr std::uint32_t kDeepest = 512;
  JsonWalker(std::string_view text, const JsonTokens& tokens, std::uint32_t max_depth);

  /// First character of the next token, NUL at the end.
  char peek() const { return next_ == end_ ? '\0' : text_[*next_]; }
  bool at_end() const { return next_ == end_; }
  /// Offset of the next token, and of the byte after a bracket that was taken last.
  std::size_t position() const { return next_ == end_ ? text_.size() : *next_; }
  std::size_t taken_end() const { return next_[-1] + std::size_t{1}; }

  /// The next value, whole and checked; empty after a failure.
  std::string_view take_value();
  /// The literal with its quotes; fails if the next token is no string.
  std::string_view take_string();

  /// `on_member(key literal)` and `on_element()` must take exactly one value and return
  /// true, or return false, which ends the walk. False = stopped or failed.
  template <class OnMember>
  bool walk_object(OnMember&& on_member);
  template <class OnElement>
  bool walk_array(OnElement&& on_element);

  /// Always false, so that callers can return it. Only the first failure is kept.
  bool fail(std::size_t offset, const char* reason);
  bool failed() const { return reason_ != nullptr; }
  const char* reason() const { return reason_; }
  std::size_t failed_at() const { return failed_at_; }

 private:
  std::string_view take_scalar();
  bool check_escapes(std::size_t start, std::size_t end);
  bool open(char bracket);
  bool close(char bracket);
  bool expect(char token, const char* reason);
  bool accept(char token) { return peek() == token && (++next_, true); }

  std::string_view text_;
  const std::uint32_t* next_;
  const std::uint32_t* end_;
  std::size_t escape_at_;  // of the next backslash, or of one behind us
  std::uint32_t depth_left_;
  std::size_t failed_at_ = 0;
  const char* reason_ = nullptr;
};

/// Offset of the first bad escape inside a literal's quotes, inside.size() if there is none.
std::size_t find_bad_escape(std::string_view inside);

/// The text of a checked literal, given without its quotes: a view into it, or into `scratch` if it
/// holds escapes.
std::string_view unescape(std::string_view inside, std::string& scratch);

template <class OnMember>
bool JsonWalker::walk_object(OnMember&& on_member) {
  if (!open('{')) return false;
  if (peek() == '}') return close('}');
  do {
    const std::string_view key = take_string();
    if (key.empty() || !expect(':', "expected ':' after a key") || !on_member(key)) return false;
  } while (accept(','));
  return close('}');
}

template <class OnElement>
bool JsonWalker::walk_array(OnElement&& on_element) {
  if (!open('[')) return false;
  if (peek() == ']') return close(']');
  do {
    if (!on_element()) return false;
  } while (accept(','));
  return close(']');
}

}  // namespace tallygate::wire
