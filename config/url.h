#pragma once
// The one reading of URLs that the gate connects to: of the file's targets, of the catalog's, of
// webhooks and of collectors. Whoever needs a part of a URL takes it from here, so that what was
// checked and what is connected to are the same. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tallygate::config {

struct Url {
  bool is_https = false;
  std::string host;         ///< a name or an address, without brackets
  std::uint16_t port = 0;   ///< the scheme's own when none was given
  std::string host_header;  ///< host, and port unless it is the scheme's own
  std::string path;         ///< as it was written; may be empty
  std::string query;        ///< without the question mark
};

enum class Query : std::uint8_t { refused, allowed };

/// Only http and https; no user or fragment; the host is a name, an IPv4 address of four decimal
/// numbers or a bracketed IPv6 address, none of them one that the gate never connects to
/// (address_rules.h); no //, . or .. in the path. Errors: invalid_parameter, whose message goes on
/// from "the url ...".
Result<Url> parse_url(std::string_view text, Query query = Query::refused);

/// The message of parse_url's error; nullopt if there is none.
std::optional<std::string> problem_of_url(std::string_view url, Query query = Query::refused);

}  // namespace tallygate::config
