#pragma once
// Finds `model` (and `stream`, `user`) in a buffered multipart/form-data body, wherever they stand
// (RFC 7578, framing by RFC 2046 section 5.1.1). What two parsers could read differently is
// refused: a preamble, padded delimiters, bare line ends in a part head, a field name that is
// escaped or given twice. Pure; the rest of the body stays as it is.

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "gateway/wire/inspect.h"

namespace tallygate::wire {

inline constexpr std::size_t kMaxParts = 128;
inline constexpr std::size_t kMaxPartHeadBytes = std::size_t{8} * 1024;

/// Views into the body.
struct MultipartFacts {
  std::string_view model;  ///< not empty
  Span model_value;        ///< the raw bytes of the part's content
  bool stream = false;
  std::string_view user;
};

/// The boundary of a Content-Type header; invalid_multipart when it has none or a bad one.
Result<std::string_view> multipart_boundary(std::string_view content_type);

/// Errors: invalid_multipart (no closing boundary, bad part head, too many parts),
/// invalid_parameter (a routing field twice, empty or sent as a file), missing_parameter (no
/// model).
Result<MultipartFacts> inspect_multipart(std::string_view body, std::string_view boundary);

}  // namespace tallygate::wire
