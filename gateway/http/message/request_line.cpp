#include "gateway/http/message/request_line.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "gateway/http/message/characters.h"

namespace tallygate::http {
namespace {

Method method_of(std::string_view text) {
  if (text == "POST") return Method::post;
  if (text == "GET") return Method::get;
  if (text == "HEAD") return Method::head;
  if (text == "PUT") return Method::put;
  if (text == "PATCH") return Method::patch;
  if (text == "DELETE") return Method::delete_;
  if (text == "OPTIONS") return Method::options;
  return Method::other;
}

std::optional<Error> parse_version(std::string_view text, RequestHead& head) {
  if (text == "HTTP/1.1" || text == "HTTP/1.0") {
    head.http_1_0 = text.back() == '0';
    return std::nullopt;
  }
  const bool well_formed = text.size() == 8 && text.substr(0, 5) == "HTTP/" && is_digit(text[5]) &&
                           text[6] == '.' && is_digit(text[7]);
  if (well_formed && text[5] != '0') {
    return make_error(Errc::http_version_unsupported, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  }
  return make_error(Errc::bad_request, "the request line must end in HTTP/1.1 or HTTP/1.0");
}

bool is_target_char(char c) { return c > ' ' && c < 0x7f && c != '#'; }

// Absolute form is for proxies: its authority could contradict Host, so it is refused.
std::optional<Error> parse_target(std::string_view target, RequestHead& head) {
  if (!all_are(target, [](char c) { return is_target_char(c); })) {
    return make_error(Errc::bad_request,
                      "the request target holds '#', a blank, a control or a non-ASCII character: "
                      "percent-encode it");
  }
  const bool authority = head.method_text == "CONNECT";
  const bool asterisk = head.method == Method::options && target == "*";
  if (target.empty() || (target.front() != '/' && !authority && !asterisk)) {
    return make_error(Errc::bad_request, "the request target must be a path that starts with '/'");
  }
  head.target = target;
  const std::size_t mark = target.find('?');
  head.path = target.substr(0, mark);
  head.query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  return std::nullopt;
}

bool is_ipv6(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.size() >= copy.size()) return false;
  std::copy(text.begin(), text.end(), copy.begin());
  in6_addr address{};
  return inet_pton(AF_INET6, copy.data(), &address) == 1;
}

bool is_name_char(char c) {
  return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '.' || c == '_' ||
         c == '-';
}

}  // namespace

std::optional<Error> parse_request_line(std::string_view line, RequestHead& head) {
  const std::size_t method_end = line.find(' ');
  if (!is_token(line.substr(0, method_end))) {
    return make_error(Errc::bad_request, "the request line must start with a method name");
  }
  const std::size_t target_end =
      method_end == std::string_view::npos ? method_end : line.find(' ', method_end + 1);
  if (target_end == std::string_view::npos) {
    return make_error(Errc::bad_request,
                      "the request line must be method, target and version, one blank between");
  }
  head.method_text = line.substr(0, method_end);
  head.method = method_of(head.method_text);
  if (auto error = parse_version(line.substr(target_end + 1), head)) return error;
  return parse_target(line.substr(method_end + 1, target_end - method_end - 1), head);
}

bool is_valid_host(std::string_view host) {
  if (!host.empty() && host.front() == '[') {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos || !is_ipv6(host.substr(1, end - 1))) return false;
    host.remove_prefix(end + 1);
  } else {
    const std::size_t end = std::min(host.find(':'), host.size());
    const std::string_view name = host.substr(0, end);
    if (name.empty() || !all_are(name, [](char c) { return is_name_char(c); })) return false;
    host.remove_prefix(end);
  }
  if (host.empty()) return true;
  host.remove_prefix(1);
  return !host.empty() && host.size() <= 5 && all_are(host, [](char c) { return is_digit(c); });
}

}  // namespace tallygate::http
