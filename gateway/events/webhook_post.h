#pragma once
// One POST to a webhook's receiver, on a connection of its own. Control's loop.

#include "config/address_rules.h"
#include "gateway/events/webhook.h"
#include "gateway/http/asio.h"
#include "gateway/http/loop/tls.h"

namespace tallygate {

struct WebhookCall {
  WebhookUrl url;
  std::string body;
  std::string signature;
  http::TlsContext tls;  ///< verifies certificates; null = https is refused
  config::PrivateAddresses private_ones = config::PrivateAddresses::refused;
  std::chrono::milliseconds timeout{10'000};
};

/// Looking up the name takes at most `timeout`, and so does the rest. Done is a status of 2xx;
/// redirects are not followed, and of the answer only the head is read. Errors (of the upstream
/// kind) say why, without the URL's path, which may hold a token. The addresses that the name was
/// found to have are judged by address_rules.h, and no other is connected to.
Awaitable<Result<void>> post_webhook(asio::io_context& io, WebhookCall call);

}  // namespace tallygate
