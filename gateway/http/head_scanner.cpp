#include "gateway/http/head_scanner.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/result.h"
#include "gateway/http/characters.h"

namespace tallygate::http {

HeadScanner::Step HeadScanner::fail(Fault fault) {
  fault_ = fault;
  return Step::fault;
}

// `line` here means that the start line may be looked for.
HeadScanner::Step HeadScanner::check_start(std::string_view bytes, const HeadLimits& limits) {
  while (at_ < bytes.size()) {
    const char first = bytes[at_];
    if (first == '\n') return fail(Fault::bare_line_feed);
    if (first != '\r') {
      const bool text = !is_blank(first) && !is_control(first) && (first & 0x80) == 0;
      return text ? Step::line : fail(Fault::not_http);
    }
    if (!limits.empty_line_before || at_ > 0) return fail(Fault::empty_line);
    if (bytes.size() < 2) return Step::need_more;
    if (bytes[1] != '\n') return fail(Fault::bare_carriage_return);
    start_ = line_ = at_ = 2;
  }
  return Step::need_more;
}

// The order of the checks is that of the bytes: a verdict falls at the earliest byte that allows
// it, so a head that arrives at once and one that trickles get the same.
HeadScanner::Step HeadScanner::next(std::string_view bytes, const HeadLimits& limits) {
  if (lines_ == 0 && at_ == line_) {
    const Step step = check_start(bytes, limits);
    if (step != Step::line) return step;
  }
  const std::string_view window = bytes.substr(0, limits.head_bytes);
  if (lines_ > 0 && at_ == line_ && at_ < window.size() && is_blank(window[at_])) {
    return fail(Fault::folded);
  }
  if (at_ < window.size()) {
    const void* found = std::memchr(window.data() + at_, '\n', window.size() - at_);
    if (found != nullptr) {
      return end_line(window, limits,
                      static_cast<std::size_t>(static_cast<const char*>(found) - window.data()));
    }
    at_ = window.size();
    const std::size_t held = at_ - line_ - (window[at_ - 1] == '\r' ? 1 : 0);
    if (lines_ == 0 && held > limits.start_line_bytes) return fail(Fault::start_line_too_long);
  }
  return bytes.size() > limits.head_bytes ? fail(Fault::head_too_large) : Step::need_more;
}

HeadScanner::Step HeadScanner::end_line(std::string_view bytes, const HeadLimits& limits,
                                        std::size_t line_feed) {
  const bool crlf = line_feed > line_ && bytes[line_feed - 1] == '\r';
  const std::size_t line_bytes = line_feed - line_ - (crlf ? 1 : 0);
  if (lines_ == 0 && line_bytes > limits.start_line_bytes) return fail(Fault::start_line_too_long);
  if (!crlf) return fail(Fault::bare_line_feed);
  line_ = at_ = line_feed + 1;
  if (line_bytes == 0) return Step::end;
  if (lines_ > limits.field_count) return fail(Fault::too_many_fields);
  ++lines_;
  return Step::line;
}

Error HeadScanner::error(const HeadLimits& limits) const {
  const std::string here = "line " + std::to_string(lines_ + 1) + " of the head ";
  switch (fault_) {
    case Fault::none: break;
    case Fault::not_http:
      return make_error(Errc::bad_request,
                        "the first byte starts no HTTP/1.1 message: plain HTTP is spoken here");
    case Fault::bare_line_feed:
      return make_error(Errc::bad_request, here + "ends in a bare LF: lines end in CRLF");
    case Fault::bare_carriage_return:
      return make_error(Errc::bad_request, here + "holds a bare CR: lines end in CRLF");
    case Fault::empty_line:
      return make_error(Errc::bad_request, "too many empty lines before the head");
    case Fault::folded:
      return make_error(Errc::bad_request,
                        here + "starts with a blank: folded header lines are not accepted");
    case Fault::start_line_too_long:
      return make_error(Errc::uri_too_long, "the request line is longer than " +
                                                std::to_string(limits.start_line_bytes) + " bytes");
    case Fault::head_too_large:
      return make_error(Errc::headers_too_large,
                        "the head is larger than " + std::to_string(limits.head_bytes) + " bytes");
    case Fault::too_many_fields:
      return make_error(
          Errc::headers_too_large,
          "the head has more than " + std::to_string(limits.field_count) + " header fields");
  }
  return make_error(Errc::internal, "no fault");
}

}  // namespace tallygate::http
