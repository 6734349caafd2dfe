#include "gateway/upstream/upstream_target.h"

#include <boost/url.hpp>

#include "gateway/wire/splice.h"

namespace tallygate {
namespace {

namespace urls = boost::urls;

Error bad_target(const std::string& name, const std::string& why) {
  return make_error(Errc::config_invalid, "target " + name + ": " + why);
}

std::string credential_of(const config::Target& settings) {
  if (settings.api_key.empty()) return {};
  switch (settings.protocol) {
    case config::Protocol::openai:
      return "Authorization: Bearer " + settings.api_key.value + "\r\n";
    case config::Protocol::anthropic: return "x-api-key: " + settings.api_key.value + "\r\n";
  }
  return {};
}

std::string without_brackets(std::string host) {
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  return host;
}

/// A literal address needs no resolver.
std::shared_ptr<const Addresses> literal_addresses(const std::string& host, std::uint16_t port) {
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(host, failed);
  if (failed) return nullptr;
  return std::make_shared<const Addresses>(Addresses{{address, port}});
}

}  // namespace

Result<std::shared_ptr<const UpstreamTarget>> make_upstream_target(const std::string& name,
                                                                   const config::Target& settings,
                                                                   router::TargetSlot slot,
                                                                   std::uint32_t connection_limit,
                                                                   store::Names& names) {
  const auto url = urls::parse_uri(settings.url);
  if (url.has_error()) return bad_target(name, "not a URL: " + settings.url);
  auto target = std::make_shared<UpstreamTarget>();
  const bool secure = url->scheme_id() == urls::scheme::https;
  const std::uint16_t usual_port = secure ? 443 : 80;
  target->slot = slot;
  target->name = names.intern(name);
  target->settings = settings;
  target->host = without_brackets(std::string(url->encoded_host()));
  target->port = url->port_number() != 0 ? url->port_number() : usual_port;
  target->host_header = std::string(url->encoded_host());
  if (target->port != usual_port) target->host_header += ":" + std::to_string(target->port);
  target->base_path = std::string(url->encoded_path());
  while (!target->base_path.empty() && target->base_path.back() == '/')
    target->base_path.pop_back();
  target->model_literal = wire::json_literal(settings.model);
  target->credential = credential_of(settings);
  target->address_name = names.intern(target->host);
  target->model_name = names.intern(settings.model);
  target->max_connections =
      settings.max_connections != 0 ? settings.max_connections : connection_limit;
  if (secure) {
    auto context = http::make_client_context(settings.ca_file, settings.verify_tls);
    if (context.has_error()) return bad_target(name, context.error().message);
    target->tls = *context;
  }
  if (auto literal = literal_addresses(target->host, target->port)) target->addresses = literal;
  return std::shared_ptr<const UpstreamTarget>(std::move(target));
}

bool is_forbidden_address(const boost::asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return is_forbidden_address(
        boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()));
  }
  if (address.is_v4()) return (address.to_v4().to_uint() >> 16) == 0xA9FE;  // 169.254/16
  const auto metadata = boost::asio::ip::make_address_v6("fd00:ec2::254");
  return address.to_v6().is_link_local() || address.to_v6() == metadata;
}

}  // namespace tallygate
