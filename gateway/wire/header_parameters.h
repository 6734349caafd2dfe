#pragma once
// Reads a header value of the form `token; name=value; name="quoted"` (RFC 9110 section 5.6.6), as
// Content-Type and Content-Disposition have it. Private to wire.

#include <string_view>

namespace tallygate::wire {

struct HeaderParameter {
  std::string_view name;
  std::string_view value;  ///< without quotes; escapes are left in
  bool escaped = false;    ///< a quoted value that holds a backslash
};

class HeaderParameters {
 public:
  explicit HeaderParameters(std::string_view value);

  /// What stands before the first ';', trimmed.
  std::string_view token() const { return token_; }
  /// The next parameter; false at the end or after a malformed one (then `ok()` is false).
  bool next(HeaderParameter& out);
  bool ok() const { return ok_; }

 private:
  bool malformed() { return ok_ = false; }

  std::string_view token_;
  std::string_view rest_;
  bool ok_ = true;
};

/// ASCII only, as header names and media types are compared.
bool equals_ignoring_ascii_case(std::string_view a, std::string_view b);
std::string_view trim_blanks(std::string_view text);
/// RFC 9110 token: one or more of its characters and nothing else.
bool is_token(std::string_view text);

}  // namespace tallygate::wire
