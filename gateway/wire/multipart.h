#pragma once
// Finds `model` (and `stream`, `user`) in a buffered multipart/form-data body, wherever they stand
// (RFC 7578). Pure; the rest of the body stays as it is.

#include <string_view>

#include "base/result.h"
#include "gateway/wire/inspect.h"

namespace tallygate::wire {

struct MultipartFacts {
  std::string_view model;
  Span model_value;  ///< the raw bytes of the part's content
  bool stream = false;
  std::string_view user;
};

/// The boundary of a Content-Type header; invalid_multipart when it has none or a bad one.
Result<std::string_view> multipart_boundary(std::string_view content_type);

/// Errors: invalid_multipart (no closing boundary, bad part head, too many parts),
/// invalid_parameter (a routing field twice), missing_parameter (no model).
Result<MultipartFacts> inspect_multipart(std::string_view body, std::string_view boundary);

}  // namespace tallygate::wire
