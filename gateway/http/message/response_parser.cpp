#include "gateway/http/message/response_parser.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/assert.h"
#include "base/limits.h"
#include "gateway/http/message/characters.h"
#include "gateway/http/message/chunk_decoder.h"
#include "gateway/http/message/field_lines.h"
#include "gateway/http/message/field_names.h"
#include "gateway/http/message/framing_rules.h"
#include "gateway/http/message/head_scanner.h"

namespace tallygate::http {
namespace {

// The limit holds for all interim heads and the final one together.
constexpr HeadLimits kLimits{kMaxUpstreamHeadBytes, kMaxUpstreamHeadBytes, kMaxUpstreamHeaderCount,
                             false};

Error bad_response(std::string_view message, std::string param = {}) {
  return make_error(Errc::upstream_bad_response, "the upstream's answer: " + std::string(message),
                    std::move(param));
}

Error bad_response(const Error& error) { return bad_response(error.message, error.param); }

bool is_event_stream(std::string_view content_type) {
  constexpr std::string_view kEventStream = "text/event-stream";
  if (content_type.size() < kEventStream.size()) return false;
  return equals_ignoring_case(trim_blanks(content_type.substr(0, content_type.find(';'))),
                              kEventStream);
}

class ResponseFields {
 public:
  explicit ResponseFields(ResponseHead& head) : head_(head) {}

  FramingFields framing;

  std::optional<Error> take(std::string_view lines) {
    return take_fields(lines, head_.fields, [this](const Field& field) { return note(field); });
  }

 private:
  FieldFault note(const Field& field) {
    const std::string_view value = field.value;
    switch (static_cast<int>(find_field_name(field.name))) {
      case static_cast<int>(FieldName::content_length): framing.add_content_length(value); break;
      case static_cast<int>(FieldName::transfer_encoding):
        framing.add_transfer_encoding(value);
        break;
      case static_cast<int>(FieldName::connection):
        if (head_.connection.empty()) head_.connection = value;
        return framing.add_connection(value) ? FieldFault::none : FieldFault::list;
      case static_cast<int>(FieldName::proxy_connection):
        return is_token_list(value) ? FieldFault::none : FieldFault::list;
      case static_cast<int>(FieldName::content_type):
        head_.event_stream = is_event_stream(value);
        break;
      default: break;
    }
    return FieldFault::none;
  }

  ResponseHead& head_;
};

/// `HTTP/1.1 200 OK`: the reason may be empty, the blank before it may not be missing.
std::optional<Error> parse_status_line(std::string_view line, ResponseHead& head, bool& http_1_0) {
  constexpr std::size_t kStatusAt = 9;
  constexpr std::size_t kReasonAt = 13;
  const bool version = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
  if (!version) return bad_response("it must start with HTTP/1.1 or HTTP/1.0 and a blank");
  http_1_0 = line[kStatusAt - 2] == '0';
  std::uint16_t status = 0;
  for (std::size_t i = kStatusAt; i < kReasonAt - 1 && i < line.size(); ++i) {
    if (!is_digit(line[i])) return bad_response("the status must be three digits");
    status = static_cast<std::uint16_t>(status * 10 + (line[i] - '0'));
  }
  if (line.size() < kReasonAt || line[kReasonAt - 1] != ' ') {
    return bad_response("the status must be three digits and a blank");
  }
  if (has_control(line.substr(kReasonAt))) {
    return bad_response("a control character in its reason phrase");
  }
  head.status = status;
  return std::nullopt;
}

std::optional<Error> check_fields(const ResponseFields& fields, bool http_1_0, ResponseHead& head) {
  if (head.status < 100 || head.status > 599) {
    return bad_response("status " + std::to_string(head.status) + " is none of 100 to 599");
  }
  const Result<BodyFraming> framing = resolve_framing(fields.framing, http_1_0);
  if (!framing) return bad_response(framing.error());
  head.chunked = framing->chunked;
  head.content_length = framing->content_length;
  head.keep_alive = !fields.framing.close && !http_1_0;
  return std::nullopt;
}

std::optional<Error> parse_whole(std::string_view bytes, const HeadScanner& scanner,
                                 ResponseHead& head) {
  const std::size_t line_bytes = scanner.fields() - scanner.start() - 2;
  bool http_1_0 = false;
  auto error = parse_status_line(bytes.substr(scanner.start(), line_bytes), head, http_1_0);
  if (error) return error;
  ResponseFields fields(head);
  const std::size_t fields_bytes = scanner.size() - scanner.fields();
  error = fields.take(bytes.substr(scanner.fields(), fields_bytes));
  if (error) return bad_response(*error);
  return check_fields(fields, http_1_0, head);
}

BodyKind kind_of(const ResponseHead& head, bool head_request) {
  if (head_request || head.status == 204 || head.status == 304) return BodyKind::none;
  if (head.chunked) return BodyKind::chunked;
  if (!head.content_length) return BodyKind::until_close;
  return *head.content_length == 0 ? BodyKind::none : BodyKind::length;
}

std::optional<Error> check_interim(const ResponseHead& head, std::uint32_t count) {
  if (head.status == 101) return bad_response("101 although no upgrade was asked for");
  if (head.chunked || head.content_length) return bad_response("an interim response with a body");
  if (count <= kMaxInterimResponses) return std::nullopt;
  return bad_response("more than " + std::to_string(kMaxInterimResponses) + " interim responses");
}

// Member by member: assigning a fresh head would move 1 KiB of fields.
void clear(ResponseHead& head) {
  head.status = 0;
  head.keep_alive = true;
  head.chunked = head.event_stream = false;
  head.content_length.reset();
  head.fields.clear();
  head.connection = {};
}

}  // namespace

struct ResponseParser::State {
  void reset() {
    clear(head);
    scanner = HeadScanner{};
    chunks.reset();
    remaining = 0;
    interims = 0;
    complete = false;
  }

  ResponseHead head;
  HeadScanner scanner;
  ChunkDecoder chunks{Errc::upstream_bad_response};
  std::uint64_t remaining = 0;  // of a body with a length
  std::uint32_t interims = 0;
  BodyKind kind = BodyKind::none;
  bool complete = false;
};

ResponseParser::ResponseParser() = default;
ResponseParser::~ResponseParser() = default;
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;

void ResponseParser::reset(bool head_request) {
  head_request_ = head_request;
  if (state_) state_->reset();
}

void ResponseParser::release() {
  head_request_ = false;
  state_.reset();
}

Result<std::size_t> ResponseParser::parse_head(std::string_view bytes) {
  if (!state_) state_ = std::make_unique<State>();
  HeadScanner& scanner = state_->scanner;
  ResponseHead& head = state_->head;
  for (;;) {
    const HeadScanner::Step step = scanner.next(bytes, kLimits);
    if (step == HeadScanner::Step::need_more) return std::size_t{0};
    if (step == HeadScanner::Step::fault) return bad_response(scanner.error(kLimits));
    if (step == HeadScanner::Step::start_line) continue;
    if (auto error = parse_whole(bytes, scanner, head)) return std::move(*error);
    if (head.status >= 200) break;
    if (auto error = check_interim(head, ++state_->interims)) return std::move(*error);
    clear(head);
    scanner = HeadScanner(scanner.size());
  }
  state_->kind = kind_of(head, head_request_);
  state_->remaining = head.content_length.value_or(0);
  if (state_->kind == BodyKind::until_close) head.keep_alive = false;
  state_->complete = true;
  return scanner.size();
}

const ResponseHead& ResponseParser::head() const {
  TG_ASSERT(state_ && state_->complete);
  return state_->head;
}

BodyKind ResponseParser::body_kind() const {
  TG_ASSERT(state_ && state_->complete);
  return state_->kind;
}

Result<std::size_t> ResponseParser::parse_body(std::string_view bytes, Sink sink, void* context) {
  switch (body_kind()) {
    case BodyKind::none: return std::size_t{0};
    case BodyKind::chunked: return state_->chunks.decode(bytes, sink, context);
    case BodyKind::until_close: break;
    case BodyKind::length:
      bytes = bytes.substr(
          0, static_cast<std::size_t>(std::min<std::uint64_t>(state_->remaining, bytes.size())));
      state_->remaining -= bytes.size();
      break;
  }
  if (!bytes.empty()) sink(context, bytes);
  return bytes.size();
}

bool ResponseParser::body_done() const {
  switch (body_kind()) {
    case BodyKind::none: return true;
    case BodyKind::chunked: return state_->chunks.done();
    case BodyKind::until_close: return false;
    case BodyKind::length: return state_->remaining == 0;
  }
  return false;
}

}  // namespace tallygate::http
