#include "gateway/http/message/head_scanner.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/result.h"
#include "gateway/http/message/characters.h"

namespace tallygate::http {
namespace {

const char* find_line_feed(const char* at, const char* end) {
  const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
  return found == nullptr ? end : static_cast<const char*>(found);
}

}  // namespace

HeadScanner::Step HeadScanner::fail(Fault fault) {
  fault_ = fault;
  return Step::fault;
}

// start_line means here that it may be looked for.
HeadScanner::Step HeadScanner::check_start(std::string_view bytes, const HeadLimits& limits) {
  while (at_ < bytes.size()) {
    const char first = bytes[at_];
    if (first == '\n') return fail(Fault::bare_line_feed);
    if (first != '\r') {
      const bool text = !is_blank(first) && !is_control(first) && (first & 0x80) == 0;
      return text ? Step::start_line : fail(Fault::not_http);
    }
    if (!limits.empty_line_before || at_ > 0) return fail(Fault::empty_line);
    if (bytes.size() < 2) return Step::need_more;
    if (bytes[1] != '\n') return fail(Fault::bare_carriage_return);
    start_ = line_ = at_ = 2;
  }
  return Step::need_more;
}

// The order of all checks is that of the bytes: a verdict falls at the earliest byte that allows
// it, so a head that arrives at once and one that trickles get the same.
HeadScanner::Step HeadScanner::next(std::string_view bytes, const HeadLimits& limits) {
  if (lines_ == 0) return find_start_line(bytes, limits);
  const char* const begin = bytes.data();
  const char* const end = begin + std::min(bytes.size(), limits.head_bytes);
  while (begin + at_ < end) {
    if (at_ == line_ && is_blank(begin[at_])) return fail(Fault::folded);
    const char* const line_feed = find_line_feed(begin + at_, end);
    if (line_feed == end) break;
    const char* const line = begin + line_;
    if (line_feed == line || line_feed[-1] != '\r') return fail(Fault::bare_line_feed);
    line_ = at_ = static_cast<std::size_t>(line_feed + 1 - begin);
    if (line_feed == line + 1) return Step::end;
    if (lines_ > limits.field_count) return fail(Fault::too_many_fields);
    ++lines_;
  }
  return run_out(bytes, limits);
}

HeadScanner::Step HeadScanner::find_start_line(std::string_view bytes, const HeadLimits& limits) {
  if (at_ == line_) {
    const Step step = check_start(bytes, limits);
    if (step != Step::start_line) return step;
  }
  if (at_ > limits.head_bytes) return run_out(bytes, limits);
  const std::string_view window = bytes.substr(0, limits.head_bytes);
  const char* const stop = window.data() + window.size();
  const char* const line_feed = find_line_feed(window.data() + at_, stop);
  // Without a line feed yet, a CR at the end may belong to it.
  const auto end = static_cast<std::size_t>(line_feed - window.data());
  const bool crlf = end > line_ && window[end - 1] == '\r';
  if (end > line_ + limits.start_line_bytes + (crlf ? 1 : 0)) {
    return fail(Fault::start_line_too_long);
  }
  if (line_feed == stop) return run_out(bytes, limits);
  if (!crlf) return fail(Fault::bare_line_feed);
  fields_ = line_ = at_ = end + 1;
  ++lines_;
  return Step::start_line;
}

HeadScanner::Step HeadScanner::run_out(std::string_view bytes, const HeadLimits& limits) {
  if (bytes.size() > limits.head_bytes) return fail(Fault::head_too_large);
  at_ = bytes.size();
  return Step::need_more;
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
