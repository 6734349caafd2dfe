#pragma once
// One HTTP request of the gate's own accord, on a connection of its own: a webhook, the probe of a
// benched target. Control's loop.

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/address_rules.h"
#include "gateway/http/asio.h"
#include "gateway/http/loop/tls.h"

namespace tallygate {

struct OutboundCall {
  std::string subject;  ///< begins each message: "webhook to example.org"
  bool is_post = false;
  bool is_https = false;
  std::string host;  ///< without brackets
  std::string port;  ///< in digits
  std::string host_header;
  std::string target;                                       ///< path and query
  std::vector<std::pair<std::string, std::string>> fields;  ///< beside Host and User-Agent
  std::string body;                                         ///< of a POST: JSON
  http::TlsContext tls;                                     ///< null = https is refused
  bool verify_tls = true;
  config::PrivateAddresses private_ones = config::PrivateAddresses::refused;
  std::chrono::milliseconds timeout{10'000};
};

/// Looking up the name takes at most `timeout`, and so does the rest. Done is a status of 2xx;
/// redirects are not followed, and of the answer only the head is read. Errors (of the upstream
/// kind) say why, without the path, which may hold a token. The addresses that the name was found
/// to have are judged by address_rules.h, and no other is connected to.
Awaitable<Result<void>> run_call(asio::io_context& io, OutboundCall call);

}  // namespace tallygate
