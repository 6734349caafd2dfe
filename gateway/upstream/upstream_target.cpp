#include "gateway/upstream/upstream_target.h"

#include "config/url.h"
#include "gateway/wire/splice.h"

namespace tallygate {
namespace {

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
  auto url = config::parse_url(settings.url);
  if (url.has_error()) return bad_target(name, "its url " + url.error().message);
  auto target = std::make_shared<UpstreamTarget>();
  target->slot = slot;
  target->name = names.intern(name);
  target->settings = settings;
  target->host = std::move(url->host);
  target->port = url->port;
  target->host_header = std::move(url->host_header);
  target->base_path = std::move(url->path);
  while (!target->base_path.empty() && target->base_path.back() == '/')
    target->base_path.pop_back();
  target->model_literal = wire::json_literal(settings.model);
  target->credential = credential_of(settings);
  target->address_name = names.intern(target->host);
  target->model_name = names.intern(settings.model);
  target->max_connections =
      settings.max_connections != 0 ? settings.max_connections : connection_limit;
  if (url->is_https) {
    auto context = http::make_client_context(settings.ca_file, settings.verify_tls);
    if (context.has_error()) return bad_target(name, context.error().message);
    target->tls = *context;
  }
  if (auto literal = literal_addresses(target->host, target->port))
    target->addresses.store(std::move(literal));
  return std::shared_ptr<const UpstreamTarget>(std::move(target));
}

}  // namespace tallygate
