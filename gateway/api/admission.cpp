#include "gateway/api/admission.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>

#include "gateway/api/shapes/answers.h"

namespace tallygate::api {
namespace {

using boost::asio::ip::address;
using http::equals_ignoring_case;

struct Authority {
  std::string_view host;  ///< without brackets
  std::string_view port;  ///< empty = none given
};

std::optional<Authority> parse_authority(std::string_view text) {
  Authority authority;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    authority.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
  } else {
    authority.host = text.substr(0, text.find(':'));
    text.remove_prefix(authority.host.size());
  }
  if (authority.host.empty()) return std::nullopt;
  if (text.empty()) return authority;
  authority.port = text.substr(1);
  const bool digits = std::all_of(authority.port.begin(), authority.port.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  if (text[0] != ':' || authority.port.empty() || authority.port.size() > 5 || !digits) {
    return std::nullopt;
  }
  return authority;
}

std::optional<address> parse_address(std::string_view text) {
  boost::system::error_code failure;
  const address parsed = boost::asio::ip::make_address(text, failure);
  if (failure) return std::nullopt;
  return parsed;
}

bool is_allowed_name(std::string_view host, const config::AdminListener& listener) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (equals_ignoring_case(host, "localhost")) return true;
  if (equals_ignoring_case(host, listener.address)) return true;
  return std::any_of(listener.hosts.begin(), listener.hosts.end(),
                     [&](const std::string& name) { return equals_ignoring_case(host, name); });
}

std::array<unsigned char, SHA256_DIGEST_LENGTH> digest_of(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

AdminResponse refusal(const AdminRequest& request, Errc code, std::string message,
                      std::string header) {
  return error_answer(request, make_error(code, std::move(message), std::move(header)));
}

}  // namespace

bool is_allowed_host(std::string_view host, const config::AdminListener& listener) {
  const auto authority = parse_authority(host);
  if (!authority) return false;
  if (is_allowed_name(authority->host, listener)) return true;
  const auto asked = parse_address(authority->host);
  if (!asked) return false;
  if (asked->is_loopback()) return true;
  const auto ours = parse_address(listener.address);
  return ours && (ours->is_unspecified() || *ours == *asked);
}

bool is_same_origin(std::string_view origin, std::string_view host) {
  if (origin.empty()) return true;
  const std::size_t end = origin.find("://");
  if (end == std::string_view::npos) return false;
  const std::string_view scheme = origin.substr(0, end);
  const bool https = equals_ignoring_case(scheme, "https");
  if (!https && !equals_ignoring_case(scheme, "http")) return false;
  const auto theirs = parse_authority(origin.substr(end + 3));
  const auto ours = parse_authority(host);
  if (!theirs || !ours || !equals_ignoring_case(theirs->host, ours->host)) return false;
  const auto port_of = [&](std::string_view port) {
    if (!port.empty()) return port;
    return https ? std::string_view("443") : std::string_view("80");
  };
  return port_of(theirs->port) == port_of(ours->port);
}

bool is_authorized(std::string_view authorization, const config::Secret& token) {
  if (token.empty()) return true;
  constexpr std::string_view kScheme = "Bearer ";
  if (!equals_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return false;
  authorization.remove_prefix(kScheme.size());
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
  // Digests have one length, so neither the token's length nor its bytes show in the time.
  const auto sent = digest_of(authorization);
  const auto wanted = digest_of(token.value);
  return CRYPTO_memcmp(sent.data(), wanted.data(), sent.size()) == 0;
}

std::string_view field_given_twice(const http::RequestHead& head) {
  for (const std::string_view name : {"origin", "sec-fetch-site", "idempotency-key", "if-match"}) {
    const auto is_named = [&](const http::Field& field) {
      return equals_ignoring_case(field.name, name);
    };
    if (std::count_if(head.fields.begin(), head.fields.end(), is_named) > 1) return name;
  }
  return {};
}

std::optional<AdminResponse> refuse_admission(const AdminRequest& request,
                                              const config::AdminListener& listener) {
  const http::RequestHead& head = request.head;
  if (!is_allowed_host(head.host, listener)) {
    return refusal(
        request, Errc::misdirected_request,
        "This Host is not one of the admin listener's. Name it under listeners.admin.hosts.",
        "host");
  }
  // Whoever looks at one of two may be told the wrong one.
  if (const std::string_view twice = field_given_twice(head); !twice.empty()) {
    return refusal(request, Errc::bad_request, "This field may be given once only.",
                   std::string(twice));
  }
  if (!is_same_origin(head.value_of("origin"), head.host) ||
      equals_ignoring_case(head.value_of("sec-fetch-site"), "cross-site")) {
    return refusal(request, Errc::forbidden, "The admin listener answers no other site's pages.",
                   "origin");
  }
  if (!is_authorized(head.authorization, listener.token)) {
    AdminResponse response =
        refusal(request, Errc::invalid_api_key,
                head.authorization.empty() ? "Send the admin token: Authorization: Bearer TOKEN."
                                           : "The admin token is wrong.",
                "authorization");
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"tallygate\"");
    return response;
  }
  return std::nullopt;
}

}  // namespace tallygate::api
