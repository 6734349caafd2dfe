#pragma once
// The characters that configuration text may hold.

#include <cstddef>
#include <string>
#include <string_view>

namespace tallygate::config::yaml {

/// Offset of the first byte that is not part of well-formed UTF-8 (RFC 3629), or is a control
/// character other than tab, LF and CR; npos if there is none.
std::size_t first_bad_byte(std::string_view text);

/// True if `text` has a byte below 0x20, or 0x7f. Such text never goes into a header or a log.
bool has_control(std::string_view text);

/// `text` for a message: control characters escaped, cut at a character after about 60 bytes.
std::string excerpt(std::string_view text);

}  // namespace tallygate::config::yaml
