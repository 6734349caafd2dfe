#pragma once
// How answers of the admin listener look on the wire. Pure.

#include <string>
#include <string_view>

#include "gateway/api/admin.h"
#include "gateway/http/message/head.h"

namespace tallygate {

/// On every answer: what a browser may do with it is nothing but show our own pages. There are no
/// CORS fields, so no other site's page can read anything.
extern const std::string_view kSecurityFields;

/// The value of a Date header (RFC 9110 section 5.6.7).
std::string date_text(WallTime now);

/// To clients that accept it. To HEAD the head is that of the plain answer.
void compress_answer(const http::RequestHead& head, api::AdminResponse& answer);

struct AnswerForm {
  WallTime now{};
  bool head_only = false;
  bool keep_alive = false;
};

/// Head, and body unless `head_only`. A header whose value could end its line is left out.
std::string render_answer(const api::AdminResponse& answer, AnswerForm form);

}  // namespace tallygate
