#include "gateway/events/webhook_post.h"

#include "gateway/events/outbound_call.h"

namespace tallygate {

Awaitable<Result<void>> post_webhook(asio::io_context& io, WebhookCall call) {
  OutboundCall outbound;
  outbound.subject = "webhook to " + call.url.host;
  outbound.is_post = true;
  outbound.is_https = call.url.is_https;
  outbound.host = std::move(call.url.host);
  outbound.port = std::move(call.url.port);
  outbound.host_header = std::move(call.url.host_header);
  outbound.target = std::move(call.url.target);
  outbound.fields.emplace_back("x-tallygate-signature", std::move(call.signature));
  outbound.body = std::move(call.body);
  outbound.tls = std::move(call.tls);
  outbound.private_ones = call.private_ones;
  outbound.timeout = call.timeout;
  Result<void> done = co_await run_call(io, std::move(outbound));
  co_return done;
}

}  // namespace tallygate
