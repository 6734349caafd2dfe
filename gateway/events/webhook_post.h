#pragma once
// One POST to a webhook's receiver, on a connection of its own. Control's loop.

#include "gateway/events/webhook.h"
#include "gateway/http/asio.h"
#include "gateway/http/loop/tls.h"

namespace tallygate {

struct WebhookCall {
  WebhookUrl url;
  std::string body;
  std::string signature;
  http::TlsContext tls;  ///< verifies certificates; null = https is refused
  std::chrono::milliseconds timeout{10'000};
};

/// The whole exchange takes at most `timeout`, looking up the name aside. Done is a status of 2xx;
/// redirects are not followed, and of the answer only the head is read. Errors (of the upstream
/// kind) say why, without the URL's path, which may hold a token. Link-local and metadata addresses
/// are refused, whatever name they were found under.
Awaitable<Result<void>> post_webhook(asio::io_context& io, WebhookCall call);

}  // namespace tallygate
