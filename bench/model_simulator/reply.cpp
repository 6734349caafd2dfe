#include "bench/model_simulator/reply.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "bench/model_simulator/answers.h"

namespace tallygate::simulator {
namespace {

constexpr std::size_t kBigHeadBytes = std::size_t{70} << 10;
constexpr unsigned kGoodEventsBeforeBadChunk = 3;

template <class... Args>
void append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

/// The whole output is one byte string that is no HTTP, or not all of it.
std::string_view raw_output(BadFraming framing) {
  if (framing == BadFraming::garbage) return "\x16\x03\x01 this is no HTTP answer\r\n\r\n";
  if (framing == BadFraming::partial_status) return "HTTP/1.1 20";
  return {};
}

std::string replace_line_ends(std::string_view event, std::string_view line_end) {
  std::string out;
  for (const char c : event) {
    if (c == '\n') {
      out += line_end;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

Reply::Reply(const Profile& profile, Ask ask, Faults faults, const Occasion& occasion)
    : profile_(profile), ask_(std::move(ask)), faults_(std::move(faults)), occasion_(occasion) {
  keep_ = occasion.keep_alive && !faults_.close_each && !faults_.http10 && !faults_.until_close;
  status_ = faults_.status.value_or(ask_.endpoint == Endpoint::unknown ? 404 : 200);
  stream_ = ask_.stream && can_stream(ask_.endpoint) && !faults_.status && !faults_.early_response;
  if (faults_.until_close) {
    framing_ = Framing::until_close;
  } else if (stream_ || faults_.trailers || faults_.bad_framing == BadFraming::bad_chunk) {
    framing_ = occasion.http10 || faults_.http10 ? Framing::until_close : Framing::chunked;
  }
  const bool cut_length = stream_ && faults_.bad_framing == BadFraming::cl_short;
  if (faults_.bad_framing == BadFraming::te_gzip || cut_length) framing_ = Framing::until_close;
  if (framing_ == Framing::until_close) keep_ = false;
  if (stream_) {
    id_ = make_answer_id(profile, occasion.number);
    shape_ = outline(ask_, profile);
    total_ = shape_.total() - (faults_.missing_done ? 1 : 0);
    if (faults_.role_then_error) faults_.error_mid = shape_.before;
  }
}

void Reply::answer_with(unsigned status, std::string json) {
  status_ = status;
  own_json_ = std::move(json);
  stream_ = false;
  framing_ = Framing::length;
}

Step Reply::next(std::string& out) {
  switch (phase_) {
    case Phase::start: return start();
    case Phase::head: return head(out);
    case Phase::body: return body(out);
    case Phase::events: return event(out);
  }
  return {After::cut};
}

Step Reply::start() {
  if (faults_.rst) return {After::reset};
  if (faults_.hang) return {After::hang};
  phase_ = Phase::head;
  if (faults_.delay.count() > 0) return {After::wait, faults_.delay};
  return {};
}

Step Reply::head(std::string& out) {
  if (const std::string_view raw = raw_output(faults_.bad_framing); !raw.empty()) {
    out += raw;
    return {After::cut};
  }
  const unsigned interim = faults_.bad_framing == BadFraming::many_1xx ? 100 : faults_.interim;
  for (unsigned i = 0; i < interim; ++i) {
    out += "HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n";
  }
  if (stream_) {
    append_head(out, "text/event-stream; charset=utf-8", 0);
    phase_ = Phase::events;
    return {};
  }
  phase_ = Phase::body;
  if (!can_stream(ask_.endpoint) || status_ != 200) return body(out);
  // A whole answer takes as long as its stream would.
  Duration took = profile_.first_token_delay;
  const unsigned tokens = count_tokens(ask_, profile_);
  if (tokens > 1) took += profile_.pace * (tokens - 1);
  if (took.count() == 0) return body(out);
  return {After::wait, took};
}

Step Reply::body(std::string& out) {
  Body answer;
  if (!own_json_.empty()) {
    answer.bytes = std::move(own_json_);
  } else if (status_ == 200) {
    answer = render_answer(ask_, profile_, occasion_.number);
  } else {
    const std::string message = fmt::format("simulated status {}", status_);
    answer.bytes = render_error(ask_.endpoint, status_, message);
  }
  if (faults_.malformed_json) answer.bytes.resize(answer.bytes.size() / 2);
  append_head(out, answer.content_type, answer.bytes.size());
  append_framed(out, answer.bytes);
  if (faults_.bad_framing == BadFraming::bad_chunk) {
    out += "zz\r\nno chunk\r\n";
    return {After::cut};
  }
  return end(out);
}

Step Reply::event(std::string& out) {
  Step step;
  if (faults_.any && break_stream(out, step)) return step;
  if (index_ == total_) return end(out);
  const std::size_t filler = index_ == shape_.before ? faults_.big_event : 0;
  std::string bytes = render_event(ask_, profile_, id_, index_, filler);
  if (faults_.any) bytes = decorate(std::move(bytes), index_);
  append_framed(out, bytes);
  ++index_;
  return pause_before_next();
}

/// The faults that end a stream early; true when one did, with `step` saying how.
bool Reply::break_stream(std::string& out, Step& step) {
  if (faults_.hang_mid_stream == index_) {
    step = {After::hang};
  } else if (faults_.rst_mid_stream == index_) {
    step = {After::reset};
  } else if (faults_.fin_after == index_) {
    step = {After::cut};
  } else if (faults_.fin_mid_event == index_ && index_ < total_) {
    std::string framed;
    const std::string whole = render_event(ask_, profile_, id_, index_, 0);
    append_framed(framed, whole);
    out.append(framed, 0, framed.size() - whole.size() / 2);
    step = {After::cut};
  } else if (faults_.bad_framing == BadFraming::bad_chunk && index_ == kGoodEventsBeforeBadChunk) {
    out += "zz\r\nno chunk\r\n";
    step = {After::cut};
  } else if (faults_.empty_stream) {
    step = end(out);
  } else if (faults_.error_mid == index_) {
    append_framed(out, decorate(render_error_event(ask_.endpoint, index_), index_));
    if (const std::string tail = error_tail(); !tail.empty()) append_framed(out, tail);
    step = end(out);
  } else {
    return false;
  }
  return true;
}

/// vLLM ends a failed chat stream with [DONE]; the other protocols just end.
std::string Reply::error_tail() const {
  if (ask_.endpoint != Endpoint::chat && ask_.endpoint != Endpoint::completions) return {};
  return decorate("data: [DONE]\n\n", total_ - 1);
}

Step Reply::pause_before_next() const {
  if (index_ == shape_.before && profile_.first_token_delay.count() > 0) {
    return {After::wait, profile_.first_token_delay};
  }
  const bool token = index_ > shape_.before && index_ < shape_.before + shape_.tokens;
  if (token && profile_.pace.count() > 0) return {After::wait, profile_.pace};
  if (profile_.write_each) return {After::wait, Duration{}};
  return {};
}

std::string Reply::decorate(std::string event, unsigned index) const {
  if (faults_.malformed_json && index == 1) event = "data: {\"id\":\"broken\",\"choices\":[{\n\n";
  if (faults_.comments) event = fmt::format(": ping\n\n: comment {}\n{}", index, event);
  if (faults_.no_final_blank && index + 1 == total_) event.pop_back();
  if (faults_.crlf_style == LineEnd::cr) return replace_line_ends(event, "\r");
  if (faults_.crlf_style == LineEnd::crlf) return replace_line_ends(event, "\r\n");
  return event;
}

void Reply::append_head(std::string& out, std::string_view content_type, std::size_t bytes) const {
  append(out,
         "HTTP/1.{} {} {}\r\ncontent-type: {}\r\nx-request-id: sim-{}\r\nx-simulator-name: {}\r\n"
         "x-simulator-request-count: {}\r\nx-simulator-connection: {}\r\n",
         faults_.http10 ? 0 : 1, status_, status_ == 200 ? "OK" : "Simulated", content_type,
         occasion_.number, profile_.name, occasion_.number, occasion_.connection);
  if (ask_.endpoint == Endpoint::messages)
    append(out, "request-id: req_sim_{}\r\n", occasion_.number);
  if (!faults_.retry_after.empty()) append(out, "retry-after: {}\r\n", faults_.retry_after);
  if (stream_) out += "cache-control: no-cache\r\n";
  if (faults_.hop_headers) {
    out +=
        "connection: x-private, keep-alive\r\nx-private: secret\r\nkeep-alive: timeout=5\r\n"
        "proxy-authenticate: Basic\r\nproxy-connection: keep-alive\r\nupgrade: h2c\r\n";
  }
  if (faults_.trailers) out += "trailer: x-trailer\r\n";
  if (!keep_ || faults_.early_response) out += "connection: close\r\n";
  if (faults_.bad_framing != BadFraming::none) append_bad_fields(out, bytes);
  if (framing_ == Framing::chunked) out += "transfer-encoding: chunked\r\n";
  const bool own_length = faults_.bad_framing == BadFraming::cl_short;
  if (framing_ == Framing::length && !own_length) append(out, "content-length: {}\r\n", bytes);
  out += "\r\n";
}

void Reply::append_bad_fields(std::string& out, std::size_t bytes) const {
  switch (faults_.bad_framing) {
    case BadFraming::cl_te:
      out +=
          framing_ == Framing::chunked ? "content-length: 5\r\n" : "transfer-encoding: chunked\r\n";
      break;
    case BadFraming::dup_cl: append(out, "content-length: {}\r\n", bytes + 1); break;
    case BadFraming::te_gzip: out += "transfer-encoding: gzip\r\n"; break;
    case BadFraming::big_head:
      append(out, "x-filler: {}\r\n", std::string(kBigHeadBytes, 'f'));
      break;
    case BadFraming::many_headers:
      for (int i = 0; i < 1000; ++i) append(out, "x-filler-{}: 1\r\n", i);
      break;
    case BadFraming::cl_short: append(out, "content-length: {}\r\n", bytes + 1000); break;
    case BadFraming::none:
    case BadFraming::bad_chunk:
    case BadFraming::garbage:
    case BadFraming::partial_status:
    case BadFraming::many_1xx:
    case BadFraming::extra_bytes: break;
  }
}

void Reply::append_framed(std::string& out, std::string_view bytes) const {
  if (framing_ != Framing::chunked) {
    out += bytes;
  } else if (!bytes.empty()) {
    append(out, "{:x}\r\n{}\r\n", bytes.size(), bytes);
  }
}

Step Reply::end(std::string& out) const {
  if (framing_ == Framing::chunked) {
    out += faults_.trailers ? "0\r\nx-trailer: late\r\n\r\n" : "0\r\n\r\n";
  }
  if (faults_.bad_framing == BadFraming::extra_bytes) {
    out += "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nsmuggled";
  }
  if (faults_.bad_framing == BadFraming::cl_short) return {After::cut};
  if (faults_.early_response) return {After::discard};
  return {keep_ ? After::keep : After::close};
}

}  // namespace tallygate::simulator
