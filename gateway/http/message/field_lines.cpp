#include "gateway/http/message/field_lines.h"

#include <string>

#include "base/result.h"

namespace tallygate::http {

Error explain(FieldFault fault, std::size_t line) {
  const std::string where = "line " + std::to_string(line) + " of the head: ";
  switch (fault) {
    case FieldFault::none: break;
    case FieldFault::name:
      return make_error(Errc::bad_request,
                        where + "a header is a name of token characters and, at once, a colon");
    case FieldFault::value:
      return make_error(Errc::bad_request, where + "a control character in its value");
    case FieldFault::carriage_return:
      return make_error(Errc::bad_request, where + "a bare CR: lines end in CRLF");
    case FieldFault::list:
      return make_error(Errc::bad_request,
                        where + "its value must be names with commas between them");
  }
  return make_error(Errc::internal, "no fault");
}

bool is_token_list(std::string_view value) {
  bool tokens = true;
  for_each_token(value, [&](std::string_view element) { tokens = tokens && is_token(element); });
  return tokens;
}

}  // namespace tallygate::http
