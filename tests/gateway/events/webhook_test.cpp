#include "gateway/events/webhook.h"

#include <gtest/gtest.h>

namespace tallygate {
namespace {

using std::chrono::milliseconds;

constexpr WallTime kNow{std::chrono::seconds{1'795'248'190}};

TEST(Webhook, RendersItsBody) {
  const Webhook webhook{"e1", "alert.fired", kNow, R"({"value":0.5})", "http://x/", "env:X"};
  EXPECT_EQ(render_webhook(webhook),
            R"({"id":"e1","type":"alert.fired","created":"2026-11-21T08:03:10.000000Z",)"
            R"("data":{"value":0.5}})");
}

TEST(Webhook, SignsTimeAndBody) {
  // printf '1795248190.{}' | openssl dgst -sha256 -hmac secret
  EXPECT_EQ(sign_webhook("secret", kNow + milliseconds(999), "{}"),
            "t=1795248190,v1=67a857fff725092125944a0c2874736685a45c6c5cefb4083752f61dfd86a58e");
  EXPECT_NE(sign_webhook("secret", kNow, "{}"), sign_webhook("secret2", kNow, "{}"));
  EXPECT_NE(sign_webhook("secret", kNow, "{}"), sign_webhook("secret", kNow, "{ }"));
}

void check_wait(int tries, double dice, int expected_millis) {
  EXPECT_EQ(webhook_wait(tries, dice, {}).count(), expected_millis) << tries << " " << dice;
}

TEST(Webhook, WaitsLongerEachTimeUpToTheCap) {
  check_wait(1, 0, 500);
  check_wait(1, 0.5, 750);
  check_wait(2, 0, 1000);
  check_wait(4, 0, 4000);
  check_wait(9, 0, 128'000);
  check_wait(10, 0, 150'000);
  check_wait(1'000'000, 0, 150'000);
  check_wait(1'000'000, 0.999, 299'850);
}

void check_url(std::string_view url, std::string_view expected) {
  const Result<WebhookUrl> parts = parse_webhook_url(url);
  const std::string text = parts.has_error()
                               ? "refused"
                               : (parts->is_https ? "tls " : "tcp ") + parts->host + " " +
                                     parts->port + " " + parts->host_header + " " + parts->target;
  EXPECT_EQ(text, expected) << url;
}

TEST(Webhook, TakesUrlsApart) {
  check_url("https://hooks.example/a/b?token=1",
            "tls hooks.example 443 hooks.example /a/b?token=1");
  check_url("http://127.0.0.1:9000", "tcp 127.0.0.1 9000 127.0.0.1:9000 /");
  check_url("http://h?q=1", "tcp h 80 h /?q=1");
  check_url("http://[::1]:9000/x", "tcp ::1 9000 [::1]:9000 /x");
  check_url("ftp://h/", "refused");
  check_url("http://1.2.3.4.com/", "refused");
  check_url("http://user@h/", "refused");
  check_url("http://h/?q#f", "refused");
  check_url("http://0x7f000001/", "refused");
  check_url("http://169.254.169.254/", "refused");
  check_url("/path", "refused");
  check_url("", "refused");
}

}  // namespace
}  // namespace tallygate
