#include "gateway/http/message/response_parser.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/limits.h"
#include "tests/gateway/http/feed.h"

namespace tallygate::http {
namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\n";

std::string ok(std::string_view fields, std::string_view body = {}) {
  return std::string(kOk) + std::string(fields) + "\r\n" + std::string(body);
}

std::string outcome(std::string_view bytes, bool head_request = false) {
  const std::string at_once = print_response(bytes, whole(), head_request);
  EXPECT_EQ(print_response(bytes, one_byte(), head_request), at_once) << bytes;
  EXPECT_EQ(print_response(bytes, random_cuts(3), head_request), at_once) << bytes;
  return at_once;
}

void check(std::string_view bytes, std::string_view expected, bool head_request = false) {
  EXPECT_EQ(outcome(bytes, head_request), expected);
}

void check_bad(const std::vector<std::string>& all) {
  for (const std::string& bytes : all) {
    EXPECT_NE(outcome(bytes).find("error upstream_bad_response"), std::string::npos) << bytes;
  }
}

TEST(ResponseParser, ReadsABodyWithALength) {
  check(ok("Content-Type: application/json\r\nContent-Length: 2\r\n", "{}HTTP/1.1"),
        "200 keep-alive length=2\nContent-Type=application/json\nContent-Length=2\n"
        "head 70 kind 1 body '{}' 2 done");
  check(ok("Content-Length: 5\r\n", "{}"),
        "200 keep-alive length=5\nContent-Length=5\nhead 38 kind 1 body '{}' 2 open");
  check(ok("Content-Length: 0\r\n", "rest"),
        "200 keep-alive length=0\nContent-Length=0\nhead 38 kind 0 body '' 0 done");
}

TEST(ResponseParser, ReadsChunkedEventStreams) {
  check(ok("content-type: Text/Event-Stream ; charset=utf-8\r\nTransfer-Encoding: chunked\r\n",
           "5\r\ndata:\r\n0\r\nT: v\r\n\r\nleft"),
        "200 keep-alive chunked events length=-\ncontent-type=Text/Event-Stream ; charset=utf-8\n"
        "Transfer-Encoding=chunked\nhead 96 kind 2 body 'data:' 21 done");
}

TEST(ResponseParser, ReadsUntilTheConnectionCloses) {
  check(ok("X: y\r\n", "abc"), "200 length=-\nX=y\nhead 25 kind 3 body 'abc' 3 open");
}

TEST(ResponseParser, KnowsWhichAnswersHaveNoBody) {
  const std::string with_length = "Content-Length: 5\r\n";
  check(ok(with_length, "left"),
        "200 keep-alive length=5\nContent-Length=5\nhead 38 kind 0 body '' 0 done", true);
  check(ok("Transfer-Encoding: chunked\r\n"),
        "200 keep-alive chunked length=-\nTransfer-Encoding=chunked\nhead 47 kind 0 body '' 0 done",
        true);
  check("HTTP/1.1 204 No Content\r\n\r\nx",
        "204 keep-alive length=-\nhead 27 kind 0 body '' 0 done");
  check("HTTP/1.1 304 Not Modified\r\n" + with_length + "\r\n",
        "304 keep-alive length=5\nContent-Length=5\nhead 48 kind 0 body '' 0 done");
}

TEST(ResponseParser, NeverReusesAnOldOrClosingUpstream) {
  check("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
        "200 length=0\nConnection=keep-alive\nContent-Length=0\nhead 62 kind 0 body '' 0 done");
  check(ok("Connection: Close\r\nContent-Length: 0\r\n"),
        "200 length=0\nConnection=Close\nContent-Length=0\nhead 57 kind 0 body '' 0 done");
}

TEST(ResponseParser, SwallowsInterimResponses) {
  const std::string interim =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  check(interim + ok("Content-Length: 1\r\n", "x"),
        "200 keep-alive length=1\nContent-Length=1\nhead 100 kind 1 body 'x' 1 done");
  check(interim, "incomplete");
  std::string many;
  for (std::size_t i = 0; i < kMaxInterimResponses; ++i) many += "HTTP/1.1 102 P\r\n\r\n";
  EXPECT_EQ(outcome(many + ok("Content-Length: 0\r\n")).substr(0, 14), "200 keep-alive");
  check_bad({
      many + "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
      "HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\nabc",
      "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
  });
}

TEST(ResponseParser, RefusesEveryDoubtfulFraming) {  // row 30
  check_bad({
      ok("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
      ok("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
      ok("Transfer-Encoding: gzip\r\n"),
      ok("Transfer-Encoding: gzip, chunked\r\n"),
      ok("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
      ok("Content-Length: 5\r\nContent-Length: 5\r\n"),
      ok("Content-Length: 5, 5\r\n"),
      ok("Content-Length: -1\r\n"),
      ok("Content-Length: 9223372036854775808\r\n"),
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      ok("Transfer-Encoding: chunked\r\n", "0x5\r\n"),
      ok("Transfer-Encoding: chunked\r\n", "5\r\nhelloX"),
  });
}

TEST(ResponseParser, RefusesOddHeads) {  // row 30
  check_bad({
      "garbage\r\n\r\n",
      "\r\nHTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\nX: y\n\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 +20 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1 600 OK\r\n\r\n",
      "HTTP/1.1 200\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/2.0 200 OK\r\n\r\n",
      "HTTP/1.2 200 OK\r\n\r\n",
      "http/1.1 200 OK\r\n\r\n",
      "ICY 200 OK\r\n\r\n",
      "HTTP/1.1 200 O\x01K\r\n\r\n",
      "HTTP/1.1 200 O\rK\r\n\r\n",
      ok("X : y\r\n"),
      ok(": y\r\n"),
      ok("X: y\r\n folded\r\n"),
      ok(std::string("X: a\0b\r\n", 8)),
      ok("X: a\rb\r\n"),
  });
  EXPECT_EQ(outcome("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n").substr(0, 3), "200");
  check("HTTP/1.1 20", "incomplete");
}

TEST(ResponseParser, CapsHeads) {  // row 31
  std::string fields;
  for (std::size_t i = 0; i < kMaxUpstreamHeaderCount; ++i) fields += "X: y\r\n";
  EXPECT_EQ(outcome(ok(fields)).substr(0, 3), "200");
  check_bad({ok(fields + "X: y\r\n")});
  const std::string large = ok("X: " + std::string(kMaxUpstreamHeadBytes, 'x'));
  EXPECT_EQ(print_response(large, whole(), false).substr(0, 27), "error upstream_bad_response");
  // Interim heads share the cap: they cannot be used to make us hold more.
  const std::string hints =
      "HTTP/1.1 103 Early Hints\r\nX: " + std::string(kMaxUpstreamHeadBytes / 2, 'x') + "\r\n\r\n";
  EXPECT_EQ(print_response(hints + hints, whole(), false).substr(0, 27),
            "error upstream_bad_response");
}

TEST(ResponseParser, ForgetsTheResponseBefore) {
  ResponseParser parser;
  parser.reset(true);
  ASSERT_TRUE(parser.parse_head(ok("Content-Type: text/event-stream\r\nConnection: x\r\n")));
  EXPECT_EQ(parser.body_kind(), BodyKind::none);
  for (const bool release : {false, true}) {
    if (release) parser.release();
    parser.reset();
    const std::string next = "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\n";
    ASSERT_EQ(*parser.parse_head(next), next.size());
    EXPECT_EQ(print_head(parser.head()), "404 keep-alive length=3\nContent-Length=3");
    EXPECT_TRUE(parser.head().connection.empty());
    EXPECT_EQ(parser.body_kind(), BodyKind::length);
    EXPECT_FALSE(parser.body_done());
  }
}

TEST(ResponseParser, IsTheSameForEveryCutOfMutatedResponses) {
  const std::vector<std::string> seeds = {
      "HTTP/1.1 100 Continue\r\n\r\n" +
          ok("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"),
      ok("Content-Length: 5\r\nContent-Type: text/event-stream\r\n", "hello"),
      "HTTP/1.0 500 Oops\r\nX: y\r\n\r\nbody",
  };
  const std::string_view alphabet("\r\n\0 \t:;,aZ05-/\x7f\xff", 17);
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    std::mt19937 dice(seed);
    std::string bytes = seeds[dice() % seeds.size()];
    for (std::uint32_t i = 0, changes = 1 + dice() % 4; i < changes; ++i) {
      const std::size_t at = dice() % bytes.size();
      const char c = alphabet[dice() % alphabet.size()];
      switch (dice() % 3) {
        case 0: bytes[at] = c; break;
        case 1: bytes.insert(at, 1, c); break;
        default: bytes.erase(at, 1 + dice() % 3);
      }
    }
    const std::string at_once = print_response(bytes, whole(), seed % 5 == 0);
    ASSERT_EQ(print_response(bytes, one_byte(), seed % 5 == 0), at_once) << "seed " << seed;
    ASSERT_EQ(print_response(bytes, random_cuts(seed), seed % 5 == 0), at_once) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tallygate::http
