#include <algorithm>
#include <array>
#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "config/address_rules.h"
#include "config/rules.h"
#include "config/url.h"
#include "config/yaml/scalars.h"

namespace tallygate::config {
namespace {

namespace urls = boost::urls;
using yaml::is_digit;
using yaml::is_letter;

constexpr const char* kFourNumbers =
    "must write an IPv4 address as four decimal numbers (10.0.0.1)";

/// Of a literal address. The file may name private ones; for documents the registry asks again.
std::optional<std::string> problem_of_address(const urls::url_view& url) {
  const bool is_ipv4 = url.host_type() == urls::host_type::ipv4;
  const std::string_view why =
      is_ipv4 ? refuse_address(url.host_ipv4_address().to_bytes(), PrivateAddresses::allowed)
              : refuse_address(url.host_ipv6_address().to_bytes(), PrivateAddresses::allowed);
  if (why.empty()) return std::nullopt;
  return "must name another address: " + std::string(why);
}

/// The last label decides, as in browsers: "0177.1", "0x7f000001" and "2130706433" are numbers
/// that a resolver would take for addresses.
bool ends_in_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::size_t dot = host.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? host : host.substr(dot + 1);
  if (std::all_of(last.begin(), last.end(), is_digit)) return true;
  return last.starts_with("0x") || last.starts_with("0X");
}

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 253 || host.front() == '.' ||
      host.find("..") != std::string_view::npos) {
    return false;
  }
  return std::all_of(host.begin(), host.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

std::optional<std::string> problem_of_host(const urls::url_view& url) {
  const auto encoded = url.encoded_host();
  const std::string_view host{encoded.data(), encoded.size()};
  switch (url.host_type()) {
    case urls::host_type::none: return "needs a host";
    case urls::host_type::ipv4:
      // Boost.URL 1.81 reads "1.2.3.4.com" as the address 1.2.3.4 and the path ".com".
      if (!url.encoded_path().empty() && !url.encoded_path().starts_with('/')) return kFourNumbers;
      return problem_of_address(url);
    case urls::host_type::ipv6: return problem_of_address(url);
    case urls::host_type::ipvfuture: return "has an address of unknown kind";
    case urls::host_type::name: break;
  }
  if (host.empty()) return "needs a host";
  if (!is_host_name(host)) return "has a host that is neither a DNS name nor an address";
  if (ends_in_number(host)) return kFourNumbers;
  return std::nullopt;
}

std::optional<std::string> problem_of_port(const urls::url_view& url) {
  if (!url.has_port()) return std::nullopt;
  const auto digits = url.port();
  const auto port = yaml::parse_whole({digits.data(), digits.size()});
  if (port && *port >= 1 && *port <= 65535) return std::nullopt;
  return "needs a port from 1 to 65535 after the colon";
}

std::optional<std::string> problem_of_path(const urls::url_view& url) {
  const auto encoded = url.encoded_path();
  std::string_view path{encoded.data(), encoded.size()};
  for (const std::string_view step : {"/./", "/../", "//"}) {
    if (path.find(step) != std::string_view::npos) return "must not have //, . or .. in its path";
  }
  if (path.ends_with("/.") || path.ends_with("/..")) {
    return "must not have //, . or .. in its path";
  }
  return std::nullopt;
}

std::string without_brackets(std::string host) {
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return host;
}

}  // namespace

bool is_ip_address(std::string_view text) {
  return urls::parse_ipv4_address(text).has_value() || urls::parse_ipv6_address(text).has_value();
}

bool is_loopback(std::string_view address) {
  if (const auto ipv4 = urls::parse_ipv4_address(address)) return ipv4->to_bytes()[0] == 127;
  const auto ipv6 = urls::parse_ipv6_address(address);
  if (!ipv6) return false;
  const auto bytes = ipv6->to_bytes();
  return ipv6->is_loopback() || (ipv6->is_v4_mapped() && bytes[12] == 127);
}

bool is_host(std::string_view text) {
  const std::string url = "http://" + std::string(text);  // the parsed view points into it
  const auto parsed = urls::parse_uri(url);
  if (!parsed || !parsed->encoded_path().empty() || parsed->has_query() || parsed->has_fragment() ||
      parsed->has_userinfo() || problem_of_port(*parsed)) {
    return false;
  }
  const auto encoded = parsed->encoded_host();
  return parsed->host_type() == urls::host_type::ipv4 ||
         parsed->host_type() == urls::host_type::ipv6 ||
         (parsed->host_type() == urls::host_type::name &&
          is_host_name({encoded.data(), encoded.size()}));
}

Result<Url> parse_url(std::string_view text, Query query) {
  const auto refusal = [](std::string problem) {
    return make_error(Errc::invalid_parameter, std::move(problem), "url");
  };
  if (text.find("://") == std::string_view::npos) {
    return refusal("must be a whole URL such as http://127.0.0.1:9001/v1");
  }
  const auto parsed = urls::parse_uri(text);
  if (!parsed) return refusal("is not a valid URL; write it like http://127.0.0.1:9001/v1");
  const urls::url_view& view = *parsed;
  const bool is_https = view.scheme_id() == urls::scheme::https;
  if (!is_https && view.scheme_id() != urls::scheme::http) {
    return refusal("must begin with http:// or https://");
  }
  if (view.has_userinfo()) return refusal("must not hold a user or password; use api_key");
  if (view.has_query() && query == Query::refused) return refusal("must not have a query (?...)");
  if (view.has_fragment()) return refusal("must not have a fragment (#...)");
  if (auto problem = problem_of_host(view)) return refusal(std::move(*problem));
  if (auto problem = problem_of_port(view)) return refusal(std::move(*problem));
  if (auto problem = problem_of_path(view)) return refusal(std::move(*problem));
  Url url;
  url.is_https = is_https;
  url.host = without_brackets(std::string(view.encoded_host()));
  const std::uint16_t usual_port = is_https ? 443 : 80;
  url.port = view.has_port() ? view.port_number() : usual_port;
  url.host_header = std::string(view.encoded_host());
  if (url.port != usual_port) url.host_header += ":" + std::to_string(url.port);
  url.path = std::string(view.encoded_path());
  if (view.has_query()) url.query = std::string(view.encoded_query());
  return url;
}

std::optional<std::string> problem_of_url(std::string_view url, Query query) {
  const Result<Url> parsed = parse_url(url, query);
  if (parsed.has_error()) return parsed.error().message;
  return std::nullopt;
}

}  // namespace tallygate::config
