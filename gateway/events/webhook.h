#pragma once
// A message to somebody else's server about what happened: its body, its signature, and when to try
// again. Pure; gateway/events/webhook_sender.h does the sending.

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace tallygate {

struct Webhook {
  std::string id;    ///< the same in every try, so that a receiver can tell a repeat
  std::string type;  ///< "alert.fired"
  WallTime created{};
  std::string data;            ///< a JSON object
  std::string url;             ///< checked when the alert was made
  std::string secret_ref;      ///< "env:NAME" or "file:PATH"
  bool allow_private = false;  ///< the receiver may have a private or loopback address
};

/// {"id","type","created","data"}
std::string render_webhook(const Webhook& webhook);

/// "t=UNIX,v1=HEX", HEX being HMAC-SHA256(secret, "UNIX." + body): the receiver computes it anew
/// and refuses an old t, so that nobody can repeat a message later.
std::string sign_webhook(std::string_view secret, WallTime now, std::string_view body);

struct WebhookLimits {
  std::size_t queue = 1000;  ///< messages that wait, of all URLs together
  int tries = 8;
  std::chrono::milliseconds age = std::chrono::hours(1);
  std::chrono::milliseconds first_wait{1'000};
  std::chrono::milliseconds longest_wait{300'000};
  std::chrono::milliseconds timeout{10'000};  ///< of one try as a whole
};

/// Before the try after `tries` failed ones: first_wait doubled each time up to longest_wait, of
/// that between half and all, by `dice` in [0, 1).
std::chrono::milliseconds webhook_wait(int tries, double dice, const WebhookLimits& limits);

struct WebhookUrl {
  bool is_https = false;
  std::string host;         ///< without brackets
  std::string port;         ///< in digits
  std::string host_header;  ///< as the URL has it
  std::string target;       ///< path and query
};
/// The rules are those of all URLs (config/url.h); a query may hold a token. Errors:
/// invalid_parameter, which does not repeat the URL.
Result<WebhookUrl> parse_webhook_url(std::string_view url);

}  // namespace tallygate
