#pragma once
// The search that spares most events of a stream a parse. Private to wire.

#include <string_view>

namespace tallygate::wire {

/// False only if the JSON text holds neither a key "usage" nor "error" (written without escapes)
/// with a value other than null. May be true for a string that is just one of these words: a parse
/// decides. Words inside a longer string never match, since their quotes are escaped there.
bool may_hold_usage_or_error(std::string_view json);

}  // namespace tallygate::wire
