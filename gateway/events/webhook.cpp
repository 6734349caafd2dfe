#include "gateway/events/webhook.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "config/url.h"
#include "gateway/api/shapes/json_text.h"
#include "gateway/api/shapes/timestamps.h"

namespace tallygate {
namespace {

std::string hex(const unsigned char* bytes, std::size_t count) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

}  // namespace

std::string render_webhook(const Webhook& webhook) {
  api::JsonText json;
  json.open('{');
  json.add("id", webhook.id);
  json.add("type", webhook.type);
  json.add("created", api::render_rfc3339(webhook.created));
  json.add_raw("data", webhook.data);
  json.close('}');
  return json.take();
}

std::string sign_webhook(std::string_view secret, WallTime now, std::string_view body) {
  const auto unix = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const std::string time = std::to_string(unix);
  const std::string text = time + "." + std::string(body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int bytes = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &bytes);
  return "t=" + time + ",v1=" + hex(digest.data(), bytes);
}

std::chrono::milliseconds webhook_wait(int tries, double dice, const WebhookLimits& limits) {
  std::chrono::milliseconds wait = std::min(limits.first_wait, limits.longest_wait);
  for (int i = 1; i < tries && wait < limits.longest_wait; ++i) {
    wait = std::min(wait * 2, limits.longest_wait);
  }
  const auto half = static_cast<double>(wait.count()) / 2;
  return std::chrono::milliseconds(static_cast<std::int64_t>(half + half * dice));
}

Result<WebhookUrl> parse_webhook_url(std::string_view url) {
  const auto parsed = config::parse_url(url, config::Query::allowed);
  if (parsed.has_error()) {
    return make_error(Errc::invalid_parameter, "The webhook's URL " + parsed.error().message + ".");
  }
  WebhookUrl parts;
  parts.is_https = parsed->is_https;
  parts.host = parsed->host;
  parts.port = std::to_string(parsed->port);
  parts.host_header = parsed->host_header;
  parts.target = parsed->path.empty() ? "/" : parsed->path;
  if (!parsed->query.empty()) parts.target += "?" + parsed->query;
  return parts;
}

}  // namespace tallygate
