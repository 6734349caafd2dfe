#pragma once
// Skims a JSON text along its tokens, left to right, for a few members of its outer objects. Of the
// rest only the brackets are counted, a few instructions per token: no literal is checked, nothing
// recurses. For answers of upstreams, which are not ours to validate; JsonWalker is for what
// clients send. Values are views into the text. Private to wire; a stack object.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/wire/json/json_tokens.h"

namespace tallygate::wire {

class JsonSkimmer {
 public:
  JsonSkimmer(std::string_view text, const JsonTokens& tokens)
      : text_(text), next_(tokens.begin), end_(tokens.end) {}

  bool at_end() const { return next_ == end_; }
  /// First character of the next token, NUL at the end; and of the one behind it.
  char peek() const { return at_end() ? '\0' : text_.data()[*next_]; }
  char peek_behind() const { return end_ - next_ < 2 ? '\0' : text_.data()[next_[1]]; }
  /// Text from the next token on, up to the one behind it: the whole of a scalar, and white space.
  std::string_view scalar() const;
  /// The literal that comes next, without its quotes and not checked; empty if it is no string.
  std::string_view string() const;

  /// Passes over the next value, whatever it is. False if there is none or it is not closed.
  bool skip();

  /// `on_member(key)` and `on_element()` must skip or walk exactly one value and return true, or
  /// return false, which ends the walk. Keys come as they stand, without quotes. False = stopped,
  /// or no object or array.
  template <class OnMember>
  bool walk_object(OnMember&& on_member);
  template <class OnElement>
  bool walk_array(OnElement&& on_element);

 private:
  bool accept(char token) { return peek() == token && (++next_, true); }

  std::string_view text_;
  const std::uint32_t* next_;
  const std::uint32_t* end_;
};

namespace detail {
inline constexpr auto kNesting = [] {
  std::array<signed char, 256> table{};
  table['{'] = table['['] = 1;
  table['}'] = table[']'] = -1;
  return table;
}();
}  // namespace detail

inline bool JsonSkimmer::skip() {
  std::ptrdiff_t depth = 0;
  const char* const text = text_.data();
  for (const std::uint32_t* at = next_; at != end_; ++at) {
    depth += detail::kNesting[static_cast<unsigned char>(text[*at])];
    if (depth > 0) continue;
    next_ = at + 1;
    return depth == 0;
  }
  return false;
}

inline std::string_view JsonSkimmer::scalar() const {
  if (at_end()) return {};
  const std::size_t stop = end_ - next_ < 2 ? text_.size() : next_[1];
  return {text_.data() + *next_, stop - *next_};
}

inline std::string_view JsonSkimmer::string() const {
  std::string_view literal = scalar();
  if (literal.empty() || literal.front() != '"') return {};
  // Behind the closing quote there is only white space, and stage one found that quote.
  while (literal.back() != '"') literal.remove_suffix(1);
  return literal.size() < 2 ? std::string_view{} : literal.substr(1, literal.size() - 2);
}

template <class OnMember>
bool JsonSkimmer::walk_object(OnMember&& on_member) {
  if (!accept('{')) return false;
  if (accept('}')) return true;
  do {
    if (peek() != '"') return false;
    const std::string_view key = string();
    ++next_;
    if (!accept(':') || !on_member(key)) return false;
  } while (accept(','));
  return accept('}');
}

template <class OnElement>
bool JsonSkimmer::walk_array(OnElement&& on_element) {
  if (!accept('[')) return false;
  if (accept(']')) return true;
  do {
    if (!on_element()) return false;
  } while (accept(','));
  return accept(']');
}

}  // namespace tallygate::wire
