#pragma once
// The field lines of a whole head, cut strictly (RFC 9112 section 5): a name of token characters,
// at once a colon, a value without control characters, CRLF. One pass: the control character that
// ends a value is its CR. Private to the two parsers.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "gateway/http/message/characters.h"
#include "gateway/http/message/head.h"

namespace tallygate::http {

enum class FieldFault : std::uint8_t { none, name, value, carriage_return, list };

/// `line` is counted from 1, the start line included. Coded as a request's error.
Error explain(FieldFault fault, std::size_t line);

/// Whether a value is a comma-separated list of tokens; elements may be empty.
bool is_token_list(std::string_view value);

class FieldLines {
 public:
  /// `lines`: one field line or more and the empty line, each ending in a line feed.
  explicit FieldLines(std::string_view lines)
      : at_(lines.data()), end_(lines.data() + lines.size()) {}

  bool at_end() const { return end_ - at_ <= 2; }
  /// Cuts the next line into `field`; only if not at_end().
  FieldFault next(Field& field);

 private:
  const char* at_;
  const char* end_;
};

// The line feed at the end stops both searches.
inline FieldFault FieldLines::next(Field& field) {
  const char* at = at_;
  while (is_token_char(at[0]) && is_token_char(at[1])) at += 2;
  if (is_token_char(*at)) ++at;
  if (at == at_ || *at != ':') {
    return at == at_ && *at == '\r' ? FieldFault::carriage_return : FieldFault::name;
  }
  field.name = {at_, static_cast<std::size_t>(at - at_)};
  do ++at;
  while (is_blank(*at));
  const char* const stop = find_control(at, end_);
  if (*stop != '\r') return FieldFault::value;
  if (stop[1] != '\n') return FieldFault::carriage_return;
  const char* last = stop;
  while (last != at && is_blank(last[-1])) --last;
  field.value = {at, static_cast<std::size_t>(last - at)};
  at_ = stop + 2;
  return FieldFault::none;
}

/// Appends every field of `lines` to `fields` and shows each to `note`, which may refuse it by a
/// FieldFault. The first fault ends it, explained with its line in the head.
template <class Note>
std::optional<Error> take_fields(std::string_view lines, Fields& fields, Note note) {
  FieldLines left(lines);
  while (!left.at_end()) {
    Field& field = fields.emplace_back();  // in place: a copied pair costs 8 ns a field
    FieldFault fault = left.next(field);
    if (fault == FieldFault::none) fault = note(field);
    if (fault != FieldFault::none) return explain(fault, fields.size() + 1);
  }
  return std::nullopt;
}

}  // namespace tallygate::http
