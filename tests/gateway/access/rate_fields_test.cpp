#include "gateway/access/rate_fields.h"

#include <gtest/gtest.h>

namespace tallygate::access {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(RateFields, PrintDurationsAsGoDoes) {
  const auto check = [](nanoseconds duration, const std::string& expected) {
    EXPECT_EQ(render_go_duration(duration), expected) << duration.count();
  };
  check(nanoseconds{-5}, "0s");
  check(nanoseconds{0}, "0s");
  check(nanoseconds{1}, "1ms");
  check(milliseconds{12}, "12ms");
  check(milliseconds{999}, "999ms");
  check(seconds{1}, "1s");
  check(milliseconds{8640}, "8.64s");
  check(milliseconds{1008}, "1.008s");
  check(milliseconds{59'100}, "59.1s");
  check(seconds{60}, "1m0s");
  check(seconds{360}, "6m0s");
  check(seconds{3600}, "1h0m0s");
  check(seconds{3661} + milliseconds{500}, "1h1m1.5s");
}

TEST(RateFields, HaveTheNamesThatClientsKnow) {
  const WallTime now{seconds{1'795'248'000}};  // 2026-11-21T08:00:00Z
  const auto render = [&](std::string_view what, config::Protocol protocol) {
    std::string block;
    append_rate_fields({what, 60, 58, seconds{2}}, protocol, now, block);
    return block;
  };
  EXPECT_EQ(render("requests", config::Protocol::openai),
            "x-ratelimit-limit-requests: 60\r\n"
            "x-ratelimit-remaining-requests: 58\r\n"
            "x-ratelimit-reset-requests: 2s\r\n");
  EXPECT_EQ(render("tokens", config::Protocol::anthropic),
            "anthropic-ratelimit-tokens-limit: 60\r\n"
            "anthropic-ratelimit-tokens-remaining: 58\r\n"
            "anthropic-ratelimit-tokens-reset: 2026-11-21T08:00:02.000000Z\r\n");
}

TEST(RateFields, TellWhenToComeBackWithinWhatSdksObey) {
  const auto render = [](nanoseconds after) {
    std::string block;
    append_retry_fields(after, block);
    return block;
  };
  EXPECT_EQ(render(milliseconds{1500}),
            "Retry-After: 2\r\nretry-after-ms: 1500\r\nx-should-retry: false\r\n");
  EXPECT_EQ(render(nanoseconds{0}),
            "Retry-After: 1\r\nretry-after-ms: 1\r\nx-should-retry: false\r\n");
  EXPECT_EQ(render(std::chrono::hours{1}),
            "Retry-After: 60\r\nretry-after-ms: 60000\r\nx-should-retry: false\r\n");
}

}  // namespace
}  // namespace tallygate::access
