#include "gateway/registry/host_rules.h"

#include "config/address_rules.h"
#include "config/url.h"

namespace tallygate::registry {

Result<void> check_host(const std::string& url, bool allow_private, const std::string& param) {
  const auto parsed = config::parse_url(url, config::Query::allowed);
  if (!parsed) return make_error(Errc::rule_broken, "The url " + parsed.error().message, param);
  const auto private_ones =
      allow_private ? config::PrivateAddresses::allowed : config::PrivateAddresses::refused;
  const std::string_view why = config::refuse_host(parsed->host, private_ones);
  if (why.empty()) return {};
  return make_error(Errc::rule_broken,
                    "Nothing is sent to " + parsed->host + ": " + std::string(why) + ".", param);
}

}  // namespace tallygate::registry
