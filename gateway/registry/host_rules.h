#pragma once
// Where a URL of a document may lead, as far as its text tells. Pure; the address that is connected
// to is judged again then (config/address_rules.h).

#include <string>

#include "base/result.h"

namespace tallygate::registry {

/// A literal private or loopback address, or localhost, needs `allow_private`; `url` is sound.
/// Errors: rule_broken, at `param`.
Result<void> check_host(const std::string& url, bool allow_private, const std::string& param);

}  // namespace tallygate::registry
