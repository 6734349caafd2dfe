#pragma once
// UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. Private to wire.

#include <cstddef>
#include <string>
#include <string_view>

namespace tallygate::wire {

/// Bytes of the well-formed sequence at the front of `text`; 0 if there is none.
std::size_t utf8_sequence_size(std::string_view text);

/// Offset of the first byte that belongs to no well-formed sequence, text.size() if none.
std::size_t find_invalid_utf8(std::string_view text);

/// The longest prefix of at most `max_bytes` that ends with a whole sequence.
std::string_view cut_utf8(std::string_view text, std::size_t max_bytes);

void append_utf8(std::string& out, char32_t code_point);

}  // namespace tallygate::wire
