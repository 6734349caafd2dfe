#include "gateway/exchange/attempt/upstream_request.h"

#include <algorithm>

#include "gateway/http/message/head_renderer.h"

namespace tallygate {
namespace {

constexpr std::string_view kOwnPrefix = "/v1";
/// Up to here one copy costs less than the kernel's work for several pieces.
constexpr std::size_t kCopiedBytes = 8 * 1024;
constexpr std::size_t kUsualHeadBytes = 1024;

wire::SplicedBody splice(const Exchange& x) {
  const UpstreamTarget& target = x.target();
  if (x.endpoint.kind == EndpointKind::multipart) {
    return wire::splice_body(x.session.body, x.facts, target.settings.model, false);
  }
  const bool reports_usage_on_request = x.endpoint.dialect == wire::Dialect::openai_chat ||
                                        x.endpoint.dialect == wire::Dialect::openai_completion;
  const bool inject = reports_usage_on_request && x.facts.stream && !x.facts.include_usage &&
                      target.settings.inject_usage;
  return wire::splice_body(x.session.body, x.facts, target.model_literal, inject);
}

void render_head(const Exchange& x, std::size_t body_bytes, std::string& out) {
  const UpstreamTarget& target = x.target();
  const http::RequestHead& client = x.session.head();
  std::string passed_on;
  http::UpstreamRequestLine line;
  line.method = "POST";
  line.base_path = target.base_path;
  line.path = x.endpoint.path.substr(kOwnPrefix.size());
  line.query = client.query;
  line.host = target.host_header;
  line.credential = target.credential;
  if (target.settings.api_key.empty() && target.settings.pass_client_key) {
    // Only keys of somebody else: what opens this gate stays here.
    if (!client.authorization.empty() &&
        !access::is_token_form(access::bearer_token(client.authorization))) {
      http::append_field("Authorization", client.authorization, passed_on);
    }
    if (!client.x_api_key.empty() && !access::is_token_form(client.x_api_key)) {
      http::append_field("x-api-key", client.x_api_key, passed_on);
    }
    line.credential = passed_on;
  }
  line.framing = http::Framing::length;
  line.content_length = body_bytes;
  http::render_request_head(line, client, out);
}

}  // namespace

UpstreamRequest::UpstreamRequest(const Exchange& x) {
  const wire::SplicedBody body = splice(x);
  const bool copied = body.bytes <= kCopiedBytes;
  head_.reserve(kUsualHeadBytes + (copied ? body.bytes : 0));
  render_head(x, body.bytes, head_);
  std::size_t count = 1;
  for (const std::string_view piece : std::span(body.pieces).first(body.count)) {
    if (copied) {
      head_.append(piece);
    } else {
      pieces_[count++] = {const_cast<char*>(piece.data()), piece.size()};
    }
  }
  pieces_[0] = {head_.data(), head_.size()};
  rest_ = std::span(pieces_).first(count);
}

std::span<const iovec> UpstreamRequest::next(std::size_t most) {
  std::size_t count = 0;
  while (count < rest_.size() && most > 0) {
    next_[count] = {rest_[count].iov_base, std::min(rest_[count].iov_len, most)};
    most -= next_[count++].iov_len;
  }
  return std::span(next_).first(count);
}

void UpstreamRequest::advance(std::size_t bytes) {
  while (!rest_.empty() && bytes >= rest_.front().iov_len) {
    bytes -= rest_.front().iov_len;
    rest_ = rest_.subspan(1);
  }
  if (rest_.empty()) return;
  rest_.front().iov_base = static_cast<char*>(rest_.front().iov_base) + bytes;
  rest_.front().iov_len -= bytes;
}

}  // namespace tallygate
