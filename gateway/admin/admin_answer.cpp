#include "gateway/admin/admin_answer.h"

#include <fmt/chrono.h>

#include <algorithm>

#include "gateway/http/gzip.h"
#include "gateway/http/message/head_renderer.h"

namespace tallygate {

const std::string_view kSecurityFields =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'self'; base-uri 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "X-Frame-Options: DENY\r\n"
    "Server: tallygate\r\n";

namespace {

std::string* find_header(api::AdminResponse& answer, std::string_view name) {
  for (auto& [known, value] : answer.headers) {
    if (http::equals_ignoring_case(known, name)) return &value;
  }
  return nullptr;
}

bool has_header(const api::AdminResponse& answer, std::string_view name) {
  return std::any_of(answer.headers.begin(), answer.headers.end(), [&](const auto& header) {
    return http::equals_ignoring_case(header.first, name);
  });
}

}  // namespace

std::string date_text(WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::time_t{seconds}));
}

void compress_answer(const http::RequestHead& head, api::AdminResponse& answer) {
  if (answer.body.size() < http::kMinGzipBytes ||
      find_header(answer, "Content-Encoding") != nullptr) {
    return;
  }
  if (std::string* vary = find_header(answer, "Vary")) {
    *vary += ", Accept-Encoding";
  } else {
    answer.headers.emplace_back("Vary", "Accept-Encoding");
  }
  if (head.method == http::Method::head || !http::accepts_gzip(head.value_of("accept-encoding"))) {
    return;
  }
  std::string compressed = http::gzip(answer.body);
  if (compressed.empty() || compressed.size() >= answer.body.size()) return;
  answer.body = std::move(compressed);
  answer.headers.emplace_back("Content-Encoding", "gzip");
}

std::string render_answer(const api::AdminResponse& answer, AnswerForm form) {
  const auto status = static_cast<std::uint16_t>(answer.status);
  std::string text =
      "HTTP/1.1 " + std::to_string(status) + " " + std::string(http::reason_of(status)) + "\r\n";
  http::append_field("Date", date_text(form.now), text);
  http::append_field("Content-Type", answer.content_type, text);
  text += kSecurityFields;
  if (!has_header(answer, "Cache-Control")) text += "Cache-Control: no-store\r\n";
  for (const auto& [name, value] : answer.headers) http::append_field(name, value, text);
  if (status != 204) {
    http::append_field("Content-Length", std::to_string(answer.body.size()), text);
  }
  text += form.keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  if (!form.head_only) text += answer.body;
  return text;
}

}  // namespace tallygate
