#pragma once
// JSON text from outside as a value, strictly: bounded depth and size, valid UTF-8, no key twice in
// an object, no control characters inside texts but tabs and line breaks. Pure.

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tallygate::api {

inline constexpr std::size_t kMaxJsonBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxJsonDepth = 16;

/// Errors: invalid_json, which says at which byte; body_too_large.
Result<boost::json::value> parse_json(std::string_view text);

/// JSON text with numbers as people write them: 0.7, not 7E-1.
std::string render_json(const boost::json::value& value);

}  // namespace tallygate::api
