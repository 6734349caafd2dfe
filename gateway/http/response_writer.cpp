#include "gateway/http/response_writer.h"

#include "gateway/wire/errors.h"

namespace tallygate::http {
namespace {

constexpr std::string_view kJson = "application/json";

std::string_view fields_that_go_with(Errc code) {
  switch (traits_of(code).status) {
    case 401: return "WWW-Authenticate: Bearer\r\n";
    case 503: return "Retry-After: 1\r\nretry-after-ms: 1000\r\n";
    default: return {};
  }
}

void render(Session& session, DownstreamStatus status, std::string_view content_type,
            std::string_view body, bool body_wanted) {
  std::string fields(status.own_fields);
  append_field("Content-Type", content_type, fields);
  session.caller.append_rate_fields(session.worker.loop.now.wall, fields);
  status.own_fields = fields;
  status.date = session.worker.date();
  status.framing = Framing::length;
  status.content_length = body.size();
  status.close = session.close_after;
  session.status = status.status;
  render_response_head(status, session.out);
  if (body_wanted) session.out.append(body);
}

}  // namespace

void write_answer(Session& session, std::uint16_t status, std::string_view content_type,
                  std::string_view body, std::string_view own_fields) {
  DownstreamStatus line;
  line.status = status;
  line.own_fields = own_fields;
  line.http_1_0 = session.head().http_1_0;
  if (session.worker.closes_connections() || !session.head().keep_alive) session.close_after = true;
  render(session, line, content_type, body, session.head().method != Method::head);
}

void write_error(Session& session, config::Protocol protocol, const Error& error,
                 std::string_view request_id, std::string_view own_fields) {
  const std::string fields = std::string(own_fields).append(fields_that_go_with(error.code));
  session.error = error.code;
  write_answer(session, traits_of(error.code).status, kJson,
               wire::render_error_body(protocol, error, request_id), fields);
}

void write_unparsed_error(Session& session, config::Protocol protocol, const Error& error) {
  DownstreamStatus line;
  line.status = traits_of(error.code).status;
  session.close_after = true;
  session.error = error.code;
  render(session, line, kJson, wire::render_error_body(protocol, error, {}), true);
}

}  // namespace tallygate::http
