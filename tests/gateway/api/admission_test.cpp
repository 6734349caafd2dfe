#include "gateway/api/admission.h"

#include <gtest/gtest.h>

namespace tallygate::api {
namespace {

config::AdminListener listener_at(std::string address, std::vector<std::string> hosts = {}) {
  config::AdminListener listener;
  listener.address = std::move(address);
  listener.hosts = std::move(hosts);
  return listener;
}

TEST(Admission, KnowsItsOwnHosts) {
  const auto check = [](const config::AdminListener& listener, std::string_view host,
                        bool expected) {
    EXPECT_EQ(is_allowed_host(host, listener), expected) << listener.address << " " << host;
  };
  const auto loopback = listener_at("127.0.0.1", {"admin.example.com"});
  for (const auto* host :
       {"127.0.0.1", "127.0.0.1:8081", "localhost", "LOCALHOST:9999", "localhost.", "[::1]:8081",
        "[::1]", "127.0.0.2:80", "admin.example.com", "Admin.Example.COM:443"}) {
    check(loopback, host, true);
  }
  for (const auto* host : {"",
                           "evil.example",
                           "localhost.evil.example",
                           "admin.example.com.evil.example",
                           "evil.example:8081",
                           "10.0.0.1",
                           "0.0.0.0",
                           "127.0.0.1.evil.example",
                           "localhost:x",
                           "localhost:",
                           "localhost:123456",
                           "[::1",
                           "[::1]x",
                           "[]",
                           "[::2]",
                           ":8081",
                           "2130706433",
                           "127.1",
                           "localhost@evil.example",
                           "localhost,evil.example",
                           "localhost evil"}) {
    check(loopback, host, false);
  }
  const auto bound = listener_at("10.0.0.1");
  check(bound, "10.0.0.1:8081", true);
  check(bound, "10.0.0.2:8081", false);
  const auto wildcard = listener_at("0.0.0.0", {"gate.internal"});
  check(wildcard, "10.0.0.2:8081", true);
  check(wildcard, "[2001:db8::1]:8081", true);
  check(wildcard, "gate.internal", true);
  check(wildcard, "evil.example", false);
  check(listener_at("::"), "10.0.0.2", true);
}

TEST(Admission, KnowsItsOwnPages) {
  const auto check = [](std::string_view origin, std::string_view host, bool expected) {
    EXPECT_EQ(is_same_origin(origin, host), expected) << origin << " " << host;
  };
  check("", "localhost:8081", true);
  check("http://localhost:8081", "localhost:8081", true);
  check("HTTP://LocalHost:8081", "localhost:8081", true);
  check("https://admin.example.com", "admin.example.com", true);
  check("https://admin.example.com", "admin.example.com:443", true);
  check("http://127.0.0.1", "127.0.0.1:80", true);
  check("http://[::1]:8081", "[::1]:8081", true);
  check("http://localhost:3000", "localhost:8081", false);
  check("http://127.0.0.1:8081", "localhost:8081", false);
  check("https://evil.example", "localhost:8081", false);
  check("http://localhost:8081.evil.example", "localhost:8081", false);
  check("null", "localhost:8081", false);
  check("file://localhost:8081", "localhost:8081", false);
  check("http://", "localhost:8081", false);
  check("localhost:8081", "localhost:8081", false);
  check("https://admin.example.com", "admin.example.com:80", false);
}

TEST(Admission, TakesWhatItTrustsOnceOnly) {
  const auto check = [](std::vector<http::Field> fields, std::string_view expected) {
    http::RequestHead head;
    head.fields.assign(fields.begin(), fields.end());
    EXPECT_EQ(field_given_twice(head), expected);
  };
  check({}, "");
  check({{"Origin", "http://a"}, {"Accept", "a"}, {"Accept", "b"}}, "");
  check({{"Origin", "http://a"}, {"ORIGIN", "http://a"}}, "origin");
  check({{"If-Match", "1"}, {"if-match", "2"}}, "if-match");
  check({{"idempotency-key", "1"}, {"x", ""}, {"Idempotency-Key", "1"}}, "idempotency-key");
}

TEST(Admission, ComparesTheWholeToken) {
  const auto check = [](std::string_view authorization, bool expected) {
    EXPECT_EQ(is_authorized(authorization, config::Secret{"s3cret token"}), expected)
        << authorization;
  };
  check("Bearer s3cret token", true);
  check("bearer   s3cret token", true);
  for (const auto* wrong :
       {"", "Bearer", "Bearer ", "Bearer s3cret", "Bearer s3cret token ", "Bearer s3cret tokens",
        "Bearer S3cret token", "Basic s3cret token", "s3cret token", "Bearers3cret token"}) {
    check(wrong, false);
  }
  EXPECT_TRUE(is_authorized("", config::Secret{}));
  EXPECT_TRUE(is_authorized("Bearer anything", config::Secret{}));
}

}  // namespace
}  // namespace tallygate::api
