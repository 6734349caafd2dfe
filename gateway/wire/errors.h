#pragma once
// An Error as the body that SDKs expect: OpenAI's four keys, or Anthropic's form. Pure.

#include <string>
#include <string_view>

#include "base/error.h"
#include "config/settings.h"

namespace tallygate::wire {

/// {"error":{"message","type","param","code"}} or
/// {"type":"error","error":{"type","message"},"request_id"}. Client-supplied text inside the
/// message is escaped and cut to a bounded length. An empty param or request id becomes null.
std::string render_error_body(config::Protocol protocol, const Error& error,
                              std::string_view request_id);

/// Appends `text` to `out` as the inside of a JSON string (no quotes); invalid UTF-8 becomes
/// U+FFFD; control characters are escaped, and so are < > & U+2028 and U+2029, so that the result
/// is safe inside HTML and JavaScript too.
void append_json_escaped(std::string& out, std::string_view text);

}  // namespace tallygate::wire
