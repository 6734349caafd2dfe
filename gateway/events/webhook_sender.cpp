#include "gateway/events/webhook_sender.h"

#include <spdlog/spdlog.h>

namespace tallygate {

WebhookSender::WebhookSender(asio::io_context& io, WebhookSurroundings surroundings,
                             http::TlsContext tls, WebhookLimits limits)
    : io_(io), surroundings_(std::move(surroundings)), tls_(std::move(tls)), limits_(limits) {}

void WebhookSender::send(Webhook webhook) {
  asio::post(io_, [this, webhook = std::move(webhook)]() mutable { enqueue(std::move(webhook)); });
}

void WebhookSender::stop() {
  stopped_ = true;
  for (auto& [url, lane] : lanes_) lane->pause.cancel();
}

void WebhookSender::enqueue(Webhook webhook) {
  if (stopped_) return drop(webhook, "the gate is stopping");
  if (queued_ >= limits_.queue) return drop(webhook, "too many are waiting");
  ++queued_;
  std::string url = webhook.url;
  std::shared_ptr<Lane>& lane = lanes_[url];
  const bool is_new = lane == nullptr;
  if (is_new) lane = std::make_shared<Lane>(io_);
  lane->queue.push_back({std::move(webhook), surroundings_.now().steady, 0});
  if (is_new) {
    asio::co_spawn(io_.get_executor(), run_lane(std::move(url), lane), asio::detached);
  }
}

Awaitable<void> WebhookSender::run_lane(std::string url, std::shared_ptr<Lane> lane) {
  while (!lane->queue.empty() && !stopped_) {
    Pending& pending = lane->queue.front();
    ++pending.tries;
    const Result<void> done = co_await try_once(pending.webhook);
    if (done.has_error()) {
      ++failed_tries_;
      if (!gives_up(pending)) {
        lane->pause.expires_after(webhook_wait(pending.tries, surroundings_.dice(), limits_));
        co_await lane->pause.async_wait(kNoThrow);
        continue;
      }
      drop(pending.webhook, done.error().message);
    } else {
      ++delivered_;
    }
    lane->queue.pop_front();
    --queued_;
  }
  for (const Pending& left : lane->queue) drop(left.webhook, "the gate is stopping");
  queued_ -= lane->queue.size();
  lanes_.erase(url);
}

Awaitable<Result<void>> WebhookSender::try_once(const Webhook& webhook) {
  auto url = parse_webhook_url(webhook.url);
  if (url.has_error()) co_return url.error();
  const Result<std::string> secret = surroundings_.secret(webhook);
  if (secret.has_error()) co_return secret.error();
  WebhookCall call;
  call.url = std::move(*url);
  call.body = render_webhook(webhook);
  call.signature = sign_webhook(*secret, surroundings_.now().wall, call.body);
  call.tls = tls_;
  if (webhook.allow_private) call.private_ones = config::PrivateAddresses::allowed;
  call.timeout = limits_.timeout;
  Result<void> done = co_await post_webhook(io_, std::move(call));
  co_return done;
}

bool WebhookSender::gives_up(const Pending& pending) const {
  return pending.tries >= limits_.tries ||
         surroundings_.now().steady - pending.queued >= limits_.age;
}

void WebhookSender::drop(const Webhook& webhook, const std::string& why) {
  ++dropped_;
  spdlog::warn("webhook {} ({}) was not delivered: {}", webhook.id, webhook.type, why);
}

}  // namespace tallygate
