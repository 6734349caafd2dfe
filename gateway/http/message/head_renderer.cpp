#include "gateway/http/message/head_renderer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/assert.h"
#include "gateway/http/message/characters.h"
#include "gateway/http/message/field_names.h"

namespace tallygate::http {
namespace {

/// Writes into a string grown once, by pointer: a head is some thirty short copies.
class Writer {
 public:
  Writer(std::string& out, std::size_t max_bytes) : out_(out) {
    const std::size_t before = out.size();
    out.resize(before + max_bytes);
    at_ = out.data() + before;
    end_ = out.data() + out.size();
  }
  ~Writer() { out_.resize(static_cast<std::size_t>(at_ - out_.data())); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void put(std::string_view text) {
    TG_ASSERT(text.size() <= static_cast<std::size_t>(end_ - at_));
    if (!text.empty()) std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  template <std::size_t kBytes>
  void put(const char (&literal)[kBytes]) {
    TG_ASSERT(kBytes - 1 <= static_cast<std::size_t>(end_ - at_));
    std::memcpy(at_, literal, kBytes - 1);
    at_ += kBytes - 1;
  }
  void put_number(std::uint64_t value) {
    const auto [end, error] = std::to_chars(at_, end_, value);
    TG_ASSERT(error == std::errc{});
    at_ = end;
  }

  /// A field that came in. One with a control character is left out: parsed fields have none, this
  /// is the second lock on the door to response splitting.
  void put_field(const Field& field) {
    const char* const gap = field.name.data() + field.name.size();
    // As parsers cut it out of a line: then it is copied in one piece.
    const bool line = field.value.data() == gap + 2 && gap[0] == ':' && gap[1] == ' ';
    if (!line) return put_field(field.name, field.value);
    char* const start = at_;
    const bool clean = put_clean({field.name.data(), field.name.size() + 2 + field.value.size()});
    put("\r\n");
    if (!clean) at_ = start;
  }
  void put_field(std::string_view name, std::string_view value) {
    char* const start = at_;
    bool clean = put_clean(name);
    put(": ");
    clean = put_clean(value) && clean;
    put("\r\n");
    if (!clean) at_ = start;
  }

 private:
  // Checked while it is copied. False if there is a control character.
  bool put_clean(std::string_view text) {
    TG_ASSERT(text.size() <= static_cast<std::size_t>(end_ - at_));
    char* const to = at_;
    const char* const from = text.data();
    at_ += text.size();
    if (text.size() < kBlockBytes) {
      if (!text.empty()) std::memcpy(to, from, text.size());
      return !has_control(text);
    }
    bool dirty = false;
    const std::size_t last = text.size() - kBlockBytes;
    for (std::size_t i = 0; i < last; i += kBlockBytes) dirty |= copy_block(to + i, from + i);
    return !(copy_block(to + last, from + last) || dirty);
  }

  static constexpr std::size_t kBlockBytes = 16;
  static bool copy_block(char* to, const char* from) {
    std::memcpy(to, from, kBlockBytes);
    return detail::Block(from).any();
  }

  std::string& out_;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

// What the gate's own lines need at most, their names, numbers and separators.
constexpr std::size_t kOwnBytes = 256;

std::size_t bytes_of(const Fields& fields) {
  constexpr std::size_t kSeparators = 4;
  constexpr std::size_t kRenaming = 16;  // x-request-id grows when it is renamed
  std::size_t sum = 0;
  for (const Field& field : fields) sum += field.name.size() + field.value.size() + kSeparators;
  return sum + fields.size() * kRenaming;
}

/// `Connection: keep-alive, x-foo` takes x-foo along; most name nothing that is not known.
class ConnectionNames {
 public:
  explicit ConnectionNames(const Fields& fields) : fields_(fields) {
    for (const Field& field : fields) {
      if (!is_connection(field)) continue;
      for_each_token(field.value, [this](std::string_view token) {
        if (equals_ignoring_case(token, "keep-alive")) return;
        any_ = any_ || !equals_ignoring_case(token, "close");
      });
    }
  }

  bool drop(std::string_view name) const {
    if (!any_) return false;
    return std::any_of(fields_.begin(), fields_.end(), [&](const Field& field) {
      return is_connection(field) && is_hop_by_hop(name, field.value);
    });
  }

 private:
  static bool is_connection(const Field& field) {
    constexpr std::size_t kNameBytes = 10;
    return field.name.size() == kNameBytes && find_field_name(field.name) == FieldName::connection;
  }

  const Fields& fields_;
  bool any_ = false;
};

constexpr FieldNameSet kNeverUpstream = kHopByHop | FieldNameSet{FieldName::accept_encoding,
                                                                 FieldName::api_key,
                                                                 FieldName::authorization,
                                                                 FieldName::cloud_credential,
                                                                 FieldName::content_length,
                                                                 FieldName::cookie,
                                                                 FieldName::expect,
                                                                 FieldName::forwarded,
                                                                 FieldName::host,
                                                                 FieldName::openai_organization,
                                                                 FieldName::openai_project,
                                                                 FieldName::x_api_key,
                                                                 FieldName::x_stainless,
                                                                 FieldName::x_tallygate};
constexpr FieldNameSet kTrace = {FieldName::traceparent, FieldName::tracestate};

constexpr FieldNameSet kNeverDownstream =
    kHopByHop | FieldNameSet{FieldName::alt_svc,     FieldName::content_length,
                             FieldName::date,        FieldName::server,
                             FieldName::set_cookie,  FieldName::strict_transport_security,
                             FieldName::x_tallygate, FieldName::x_upstream_request_id};

// As OpenAI and Anthropic spell it.
constexpr std::string_view kLimitPrefixes[] = {"x-ratelimit-", "anthropic-ratelimit-"};

// Blocks come from configuration and from append_field: a broken one is a bug of ours.
void assert_block(std::string_view block) {
  const char* at = block.data();
  const char* const end = at + block.size();
  while (at != end) {
    const char* const stop = find_control(at, end);
    TG_ASSERT(stop != at && end - stop >= 2 && stop[0] == '\r' && stop[1] == '\n');
    at = stop + 2;
  }
}

void put_framing(Writer& writer, Framing framing, std::uint64_t content_length) {
  if (framing == Framing::chunked) {
    writer.put("Transfer-Encoding: chunked\r\n");
  } else if (framing == Framing::length) {
    writer.put("Content-Length: ");
    writer.put_number(content_length);
    writer.put("\r\n");
  }
}

void put_status(Writer& writer, std::uint16_t status) {
  if (status == 200) return writer.put("HTTP/1.1 200 OK\r\n");
  TG_ASSERT(status >= 100 && status <= 999);
  writer.put("HTTP/1.1 ");
  writer.put_number(status);
  writer.put(" ");
  writer.put(reason_of(status));
  writer.put("\r\n");
}

bool tells_limits(std::string_view name) {
  return std::any_of(std::begin(kLimitPrefixes), std::end(kLimitPrefixes), [&](auto prefix) {
    return equals_ignoring_case(name.substr(0, prefix.size()), prefix);
  });
}

void render_answer(const DownstreamStatus& status, const Fields& fields, std::string& out) {
  assert_block(status.own_fields);
  TG_ASSERT(!has_control(status.date));
  Writer writer(out, bytes_of(fields) + status.own_fields.size() + status.date.size() + kOwnBytes);
  put_status(writer, status.status);
  const ConnectionNames names(fields);
  for (const Field& field : fields) {
    const FieldName name = find_field_name(field.name);
    if (field.name.empty() || kNeverDownstream.contains(name) || names.drop(field.name)) continue;
    if (status.own_limits && tells_limits(field.name)) continue;
    if (name == FieldName::x_request_id) {
      writer.put_field("x-upstream-request-id", field.value);
    } else {
      writer.put_field(field);
    }
  }
  writer.put(status.own_fields);
  if (!status.date.empty()) writer.put_field("Date", status.date);
  writer.put("Server: tallygate\r\n");
  put_framing(writer, status.framing, status.content_length);
  if (status.close) writer.put("Connection: close\r\n");
  if (status.http_1_0 && !status.close) writer.put("Connection: keep-alive\r\n");
  writer.put("\r\n");
}

}  // namespace

void render_request_head(const UpstreamRequestLine& line, const RequestHead& client,
                         std::string& out) {
  const std::array parts{line.method, line.base_path, line.path, line.query, line.host};
  std::size_t parts_bytes = 0;
  for (const std::string_view part : parts) {
    TG_ASSERT(!has_control(part) && part.find(' ') == std::string_view::npos);
    parts_bytes += part.size();
  }
  assert_block(line.credential);
  assert_block(line.extra);
  Writer writer(out, parts_bytes + bytes_of(client.fields) + line.credential.size() +
                         line.extra.size() + kOwnBytes);
  writer.put(line.method);
  writer.put(" ");
  writer.put(line.base_path);
  writer.put(line.path);
  if (!line.query.empty()) {
    writer.put("?");
    writer.put(line.query);
  }
  writer.put(" HTTP/1.1\r\nHost: ");
  writer.put(line.host);
  writer.put("\r\n");
  const FieldNameSet dropped = line.own_trace ? kNeverUpstream | kTrace : kNeverUpstream;
  const ConnectionNames names(client.fields);
  for (const Field& field : client.fields) {
    if (field.name.empty() || dropped.contains(find_field_name(field.name))) continue;
    if (!names.drop(field.name)) writer.put_field(field);
  }
  writer.put("Accept-Encoding: identity\r\n");
  writer.put(line.credential);
  writer.put(line.extra);
  put_framing(writer, line.framing, line.content_length);
  writer.put("\r\n");
}

void render_response_head(const DownstreamStatus& status, const ResponseHead& upstream,
                          std::string& out) {
  render_answer(status, upstream.fields, out);
}

void render_response_head(const DownstreamStatus& status, std::string& out) {
  render_answer(status, {}, out);
}

bool append_field(std::string_view name, std::string_view value, std::string& block) {
  if (!is_token(name) || has_control(value)) return false;
  block.append(name).append(": ").append(value).append("\r\n");
  return true;
}

std::string_view reason_of(std::uint16_t status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 203: return "Non-Authoritative Information";
    case 204: return "No Content";
    case 205: return "Reset Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 424: return "Failed Dependency";
    case 425: return "Too Early";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return {};
  }
}

}  // namespace tallygate::http
