#include "gateway/exchange/attempt/retry_fields.h"

#include <algorithm>

#include "gateway/upstream/retry_after.h"
#include "gateway/wire/upstream_error.h"

namespace tallygate {
namespace {

constexpr std::string_view kShouldRetry = "x-should-retry";
constexpr std::string_view kRetryAfter = "retry-after";
constexpr std::string_view kRetryAfterMillis = "retry-after-ms";

/// What SDKs would repeat.
bool is_repeated_by_sdks(std::uint16_t status) {
  return status == 408 || status == 409 || status == 429 || status >= 500;
}

bool is_repetition_useless(const Exchange& x, std::uint16_t status) {
  if (status >= 500) return true;  // whatever may be tried instead has been tried
  if (status != 429) return false;
  return wire::meaning_of_error(x.answer.held) == wire::ErrorMeaning::quota_spent;
}

void erase(http::ResponseHead& head, std::string_view name) {
  const auto is_named = [&](const http::Field& field) {
    return http::equals_ignoring_case(field.name, name);
  };
  head.fields.erase(std::remove_if(head.fields.begin(), head.fields.end(), is_named),
                    head.fields.end());
}

}  // namespace

void append_retry_after(std::chrono::milliseconds wait, std::string& block) {
  const auto bounded =
      std::clamp<std::chrono::milliseconds>(wait, std::chrono::milliseconds{0}, kLongestRetryAfter);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(bounded);
  block.append("Retry-After: ").append(std::to_string(seconds.count()));
  block.append("\r\nretry-after-ms: ").append(std::to_string(bounded.count())).append("\r\n");
}

http::ResponseHead take_over_retry_fields(const Exchange& x, const http::ResponseHead& upstream,
                                          std::string& block) {
  http::ResponseHead rest = upstream;
  const std::size_t tries = x.attempts.size() + (x.attempt_open ? 1 : 0);
  const bool forbidden = tries > 1 || is_repetition_useless(x, upstream.status);
  if (forbidden && is_repeated_by_sdks(upstream.status)) {
    erase(rest, kShouldRetry);
    block.append(kShouldRetry).append(": false\r\n");
  }
  const auto wait = read_retry_after(upstream.value_of(kRetryAfter),
                                     upstream.value_of(kRetryAfterMillis), x.worker.loop.now.wall);
  // What cannot be understood would reach the SDKs as it came, and they take it for anything.
  erase(rest, kRetryAfter);
  erase(rest, kRetryAfterMillis);
  if (wait) append_retry_after(*wait, block);
  return rest;
}

}  // namespace tallygate
