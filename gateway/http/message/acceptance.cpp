#include "gateway/http/message/acceptance.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/assert.h"
#include "base/limits.h"
#include "gateway/http/message/chunk_decoder.h"
#include "gateway/http/message/field_lines.h"
#include "gateway/http/message/field_names.h"
#include "gateway/http/message/framing_rules.h"
#include "gateway/http/message/head_scanner.h"
#include "gateway/http/message/request_line.h"

namespace tallygate::http {
namespace {

// Below 64 KiB whatever the configuration says.
constexpr std::size_t kMaxHeadBytes = 64 * 1024 - 1;

HeadLimits limits_of(const AcceptanceLimits& limits) {
  return {kMaxRequestLineBytes, std::min(limits.header_bytes, kMaxHeadBytes), limits.header_count,
          true};
}

std::string_view line_at(std::string_view bytes, const HeadScanner& scanner) {
  return bytes.substr(scanner.start(), scanner.size() - scanner.start() - 2);
}

/// Takes the fields and notes those the gate itself reads, each of which may come only once.
class RequestFields {
 public:
  explicit RequestFields(RequestHead& head) : head_(head) {}

  FramingFields framing;
  std::uint32_t hosts = 0;
  bool other_expectation = false;
  const char* repeated = nullptr;  ///< a field that came twice

  std::optional<Error> take(std::string_view lines) {
    return take_fields(lines, head_.fields, [this](const Field& field) { return note(field); });
  }

 private:
  FieldFault note(const Field& field) {
    const std::string_view value = field.value;
    switch (static_cast<int>(find_field_name(field.name))) {
      case static_cast<int>(FieldName::host):
        ++hosts;
        head_.host = value;
        break;
      case static_cast<int>(FieldName::content_length): framing.add_content_length(value); break;
      case static_cast<int>(FieldName::transfer_encoding):
        framing.add_transfer_encoding(value);
        break;
      case static_cast<int>(FieldName::connection):
        if (head_.connection.empty()) head_.connection = value;
        return framing.add_connection(value) ? FieldFault::none : FieldFault::list;
      case static_cast<int>(FieldName::proxy_connection):
        return is_token_list(value) ? FieldFault::none : FieldFault::list;
      case static_cast<int>(FieldName::expect):
        head_.expect_continue = equals_ignoring_case(value, "100-continue");
        other_expectation = other_expectation || !head_.expect_continue;
        break;
      case static_cast<int>(FieldName::content_type):
        note(head_.content_type, value, "content-type");
        break;
      case static_cast<int>(FieldName::content_encoding):
        note(head_.content_encoding, value, "content-encoding");
        break;
      case static_cast<int>(FieldName::authorization):
        note(head_.authorization, value, "authorization");
        break;
      case static_cast<int>(FieldName::x_api_key): note(head_.x_api_key, value, "x-api-key"); break;
      default: break;
    }
    return FieldFault::none;
  }

  void note(std::string_view& slot, std::string_view value, const char* name) {
    if (slot.data() != nullptr) repeated = name;
    slot = value;
  }

  RequestHead& head_;
};

std::optional<Error> check_host(const RequestFields& fields, const RequestHead& head) {
  if (fields.hosts > 1) return make_error(Errc::bad_request, "Host is repeated", "host");
  if (fields.hosts == 0) {
    if (head.http_1_0) return std::nullopt;
    return make_error(Errc::bad_request, "Host is missing", "host");
  }
  if (is_valid_host(head.host)) return std::nullopt;
  return make_error(Errc::bad_request, "Host must be a name or address and an optional port",
                    "host");
}

std::optional<Error> check_fields(const RequestFields& fields, const AcceptanceLimits& limits,
                                  RequestHead& head) {
  if (auto error = check_host(fields, head)) return error;
  const Result<BodyFraming> framing = resolve_framing(fields.framing, head.http_1_0);
  if (!framing) return framing.error();
  if (fields.repeated != nullptr) {
    return make_error(Errc::bad_request, std::string(fields.repeated) + " is repeated",
                      fields.repeated);
  }
  // RFC 9110 section 10.1.1: an expectation in HTTP/1.0 or without a body is ignored.
  if (fields.other_expectation && !head.http_1_0) {
    return make_error(Errc::expectation_failed, "Expect must be 100-continue", "expect");
  }
  head.chunked = framing->chunked;
  head.content_length = framing->content_length;
  head.keep_alive = !fields.framing.close && (!head.http_1_0 || fields.framing.keep_alive);
  const bool body = head.chunked || head.content_length.value_or(0) > 0;
  head.expect_continue = head.expect_continue && body && !head.http_1_0;
  if (head.content_length.value_or(0) > limits.body_bytes) {
    return make_error(
        Errc::body_too_large,
        "Content-Length is above the limit of " + std::to_string(limits.body_bytes) + " bytes",
        "content-length");
  }
  return std::nullopt;
}

// Member by member: assigning a fresh head would move 1 KiB of fields.
void clear(RequestHead& head) {
  head.method = Method::other;
  head.method_text = head.target = head.path = head.query = {};
  head.http_1_0 = head.chunked = head.expect_continue = false;
  head.keep_alive = true;
  head.content_length.reset();
  head.fields.clear();
  head.host = head.content_type = head.content_encoding = head.authorization = head.x_api_key =
      head.connection = {};
}

}  // namespace

struct RequestParser::State {
  explicit State(std::uint64_t body_bytes) : chunks(Errc::bad_framing, body_bytes) {}

  void reset() {
    clear(head);
    scanner = HeadScanner{};
    chunks.reset();
    complete = false;
  }

  RequestHead head;
  HeadScanner scanner;
  ChunkDecoder chunks;
  bool complete = false;
};

RequestParser::RequestParser(const AcceptanceLimits& limits) : limits_(limits) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

void RequestParser::reset() {
  if (state_) state_->reset();
}

void RequestParser::release() { state_.reset(); }

Result<std::size_t> RequestParser::parse_head(std::string_view bytes) {
  if (!state_) state_ = std::make_unique<State>(limits_.body_bytes);
  HeadScanner& scanner = state_->scanner;
  RequestHead& head = state_->head;
  const HeadLimits limits = limits_of(limits_);
  bool line_known = false;
  for (;;) {
    const HeadScanner::Step step = scanner.next(bytes, limits);
    if (step == HeadScanner::Step::need_more) return std::size_t{0};
    if (step == HeadScanner::Step::fault) return scanner.error(limits);
    if (step == HeadScanner::Step::end) break;
    // Refused before the rest arrives: an HTTP/0.9 or HTTP/2 client may never send an empty line.
    if (auto error = parse_request_line(line_at(bytes, scanner), head)) return std::move(*error);
    line_known = true;
  }
  if (!line_known) {  // an earlier call saw it, at an address that may be gone
    const std::size_t size = scanner.fields() - scanner.start() - 2;
    if (auto error = parse_request_line(bytes.substr(scanner.start(), size), head)) {
      return std::move(*error);
    }
  }
  RequestFields fields(head);
  const std::size_t fields_bytes = scanner.size() - scanner.fields();
  if (auto error = fields.take(bytes.substr(scanner.fields(), fields_bytes))) {
    return std::move(*error);
  }
  if (auto error = check_fields(fields, limits_, head)) return std::move(*error);
  state_->complete = true;
  return scanner.size();
}

const RequestHead& RequestParser::head() const {
  TG_ASSERT(state_ && state_->complete);
  return state_->head;
}

bool RequestParser::has_body() const {
  return head().chunked || head().content_length.value_or(0) > 0;
}

Result<std::size_t> RequestParser::parse_chunks(std::string_view bytes, Sink sink, void* context) {
  TG_ASSERT(head().chunked);
  return state_->chunks.decode(bytes, sink, context);
}

bool RequestParser::chunks_done() const { return head().chunked && state_->chunks.done(); }

}  // namespace tallygate::http
