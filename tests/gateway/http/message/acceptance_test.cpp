#include "gateway/http/message/acceptance.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/limits.h"
#include "tests/gateway/http/feed.h"

namespace tallygate::http {
namespace {

constexpr std::string_view kHost = "Host: gate.example\r\n";

std::string get(std::string_view fields) {
  return "GET /v1/models HTTP/1.1\r\n" + std::string(kHost) + std::string(fields) + "\r\n";
}

std::string line(std::string_view text) {
  return std::string(text) + "\r\n" + std::string(kHost) + "\r\n";
}

/// The code on the wire, or "ok", or "incomplete"; the same for every cut.
std::string verdict(std::string_view bytes, const AcceptanceLimits& limits = {}) {
  const std::string at_once = print_request(bytes, whole(), limits);
  EXPECT_EQ(print_request(bytes, one_byte(), limits), at_once);
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    EXPECT_EQ(print_request(bytes, random_cuts(seed), limits), at_once) << "seed " << seed;
  }
  if (at_once == "incomplete") return at_once;
  const std::size_t error = at_once.find("error ");
  if (error == std::string::npos) return "ok";
  const std::size_t code = error + 6;
  return at_once.substr(code, at_once.find(' ', code) - code);
}

struct Case {
  std::string bytes;
  std::string_view expected;
};

void check(const std::vector<Case>& cases) {
  for (const Case& each : cases) EXPECT_EQ(verdict(each.bytes), each.expected) << each.bytes;
}

TEST(Acceptance, ReadsAChatRequest) {
  const std::string bytes =
      "POST /v1/chat/completions?trace=1 HTTP/1.1\r\nhost: gate.example:8080\r\n"
      "Authorization: Bearer tg-1\r\nContent-Type:application/json\r\nContent-Length:  12 \r\n\r\n";
  EXPECT_EQ(print_request(bytes, whole()),
            "POST /v1/chat/completions?trace=1 path=/v1/chat/completions query=trace=1 keep-alive "
            "length=12 host=gate.example:8080 type=application/json auth=Bearer tg-1\n"
            "host=gate.example:8080\nAuthorization=Bearer tg-1\nContent-Type=application/json\n"
            "Content-Length=12\nhead " +
                std::to_string(bytes.size()));
  EXPECT_EQ(verdict(bytes), "ok");
}

TEST(Acceptance, TakesOnlyOnePlainFraming) {  // B1 to B5; rows 1 to 4
  const std::string zero = "0\r\n\r\n";
  check({
      {get("Transfer-Encoding: chunked\r\n") + zero, "ok"},
      {get("Transfer-Encoding: Chunked\r\n") + zero, "ok"},
      {get("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), "bad_framing"},
      {get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "bad_framing"},
      {get("Content-Length: 5\r\nTransfer-Encoding: gzip\r\n"), "bad_framing"},
      {get("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n"), "bad_framing"},
      {get("Transfer-Encoding: gzip\r\n"), "transfer_coding_unsupported"},
      {get("Transfer-Encoding: identity\r\n"), "transfer_coding_unsupported"},
      {get("Transfer-Encoding: xchunked\r\n"), "transfer_coding_unsupported"},
      {get("Transfer-Encoding: chunkedx\r\n"), "transfer_coding_unsupported"},
      {get("Transfer-Encoding: chunked, gzip\r\n"), "bad_framing"},
      {get("Transfer-Encoding: gzip, chunked\r\n"), "bad_framing"},
      {get("Transfer-Encoding: chunked, chunked\r\n"), "bad_framing"},
      {get("Transfer-Encoding: ,chunked\r\n"), "bad_framing"},
      {get("Transfer-Encoding: chunked,\r\n"), "bad_framing"},
      {get("Transfer-Encoding: chunked;x\r\n"), "bad_framing"},
      {get("Transfer-Encoding: \"chunked\"\r\n"), "bad_framing"},
      {get("Transfer-Encoding:\r\n"), "bad_framing"},
      {get("Transfer-Encoding: \x0b"
           "chunked\r\n"),
       "bad_request"},
      {get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "bad_framing"},
      {get("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), "bad_framing"},
      {get("Transfer-Encoding:\r\n chunked\r\n"), "bad_request"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "bad_framing"},
  });
}

TEST(Acceptance, TakesOnlyPlainContentLengths) {  // B4; row 4
  for (const char* good : {"0", "5", "007", "33554432"}) {
    EXPECT_EQ(verdict(get("Content-Length: " + std::string(good) + "\r\n")), "ok") << good;
  }
  for (const char* bad : {"",
                          "+5",
                          "-1",
                          "0x5",
                          "5_0",
                          "1e1",
                          "5, 5",
                          "5, 6",
                          "5,",
                          ",5",
                          "5 5",
                          "5;",
                          "\"5\"",
                          "18446744073709551616",
                          "18446744073709551615",
                          "9223372036854775808",
                          "00000000000000000005",
                          "5.0",
                          "a",
                          "\xd9\xa5"}) {
    EXPECT_EQ(verdict(get("Content-Length: " + std::string(bad) + "\r\n")), "bad_framing") << bad;
  }
  EXPECT_EQ(verdict(get("Content-Length: 5\r\nContent-Length: 5\r\n")), "bad_framing");
  EXPECT_EQ(verdict(get("Content-Length: 5\r\nContent-Length: 6\r\n")), "bad_framing");
}

TEST(Acceptance, RefusesWhatIsNoHeadLine) {  // B7, B16; row 5
  check({
      {"GET / HTTP/1.1\nHost: a\n\n", "bad_request"},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n", "bad_request"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", "bad_request"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n", "bad_request"},
      {get("X: a\rb\r\n"), "bad_request"},
      {get(std::string("X: a\0b\r\n", 8)), "bad_request"},
      {get("X: a\x01"
           "b\r\n"),
       "bad_request"},
      {get("X: a\x7f\r\n"), "bad_request"},
      {get("X : y\r\n"), "bad_request"},
      {get("X\t: y\r\n"), "bad_request"},
      {get(": y\r\n"), "bad_request"},
      {get("X y\r\n"), "bad_request"},
      {get("X\r\n"), "bad_request"},
      {get("X(: y\r\n"), "bad_request"},
      {get("X\xc3\xa9: y\r\n"), "bad_request"},
      {get(" X: y\r\n"), "bad_request"},
      {get("X: y\r\n folded\r\n"), "bad_request"},
      {get("X: y\r\n\tfolded\r\n"), "bad_request"},
      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "bad_request"},
      {get("X:\r\n"), "ok"},
      {get("X: a\tb\r\n"), "ok"},
      {get("X: caf\xc3\xa9\r\n"), "ok"},
  });
}

TEST(Acceptance, RefusesForeignProtocolsAtTheFirstByte) {
  check({
      {"\x16\x03\x01", "bad_request"},
      {" GET", "bad_request"},
      {std::string("\0", 1), "bad_request"},
      {"\xff", "bad_request"},
      {"G", "incomplete"},
      {"", "incomplete"},
  });
}

TEST(Acceptance, WantsOnePlainHost) {  // B6; row 6
  const auto with_host = [](std::string_view host) {
    return "GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
  };
  for (const char* good : {"a", "A-b_c.example", "10.0.0.1:80", "a:1", "a:65535", "[::1]",
                           "[2001:db8::7]:8080", "[::ffff:10.0.0.1]"}) {
    EXPECT_EQ(verdict(with_host(good)), "ok") << good;
  }
  for (const char* bad :
       {"",          "a/b",
        "a?c",       "a/b?c",
        "user@a",    "a:",
        "a:x",       "a:123456",
        "a:1:2",     "a b",
        "a,b",       "::1",
        "[::1",      "[]",
        "[::1]x",    "[::1]:",
        "[::1]:x",   "[x]",
        "[1.2.3.4]", "[::1%25eth0]",
        "a#",        ":80",
        "\xc3\xa9",  "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]"}) {
    EXPECT_EQ(verdict(with_host(bad)), "bad_request") << bad;
  }
  check({
      {"GET / HTTP/1.1\r\n\r\n", "bad_request"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "bad_request"},
      {"GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", "bad_request"},
      {"GET / HTTP/1.0\r\n\r\n", "ok"},
      {"GET / HTTP/1.0\r\nHost: a/b\r\n\r\n", "bad_request"},
      {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", "bad_request"},
  });
}

TEST(Acceptance, CapsTheHeadBeforeItIsComplete) {  // B10, B13; row 7
  const std::string limit_path(kMaxRequestLineBytes - std::string("GET / HTTP/1.1").size(), 'a');
  check({
      {line("GET /" + limit_path + " HTTP/1.1"), "ok"},
      {line("GET /" + limit_path + "a HTTP/1.1"), "uri_too_long"},
      {"GET /" + std::string(kMaxRequestLineBytes, 'a'), "uri_too_long"},
      {std::string(kMaxRequestLineBytes + 1, 'a'), "uri_too_long"},
      {std::string(kMaxRequestLineBytes, 'a') + "\r", "incomplete"},
      {std::string(kMaxRequestLineBytes, 'a') + "\rx", "uri_too_long"},
      {get("X: " + std::string(40'000, 'x') + "\r\n"), "headers_too_large"},
      {"GET / HTTP/1.1\r\nX: " + std::string(40'000, 'x'), "headers_too_large"},
  });
}

TEST(Acceptance, CountsHeadBytesAndFieldsExactly) {
  const std::string head = get("X: y\r\n");
  AcceptanceLimits limits;
  limits.header_bytes = head.size();
  EXPECT_EQ(verdict(head, limits), "ok");
  EXPECT_EQ(verdict(head + "behind it", limits), "ok");
  limits.header_bytes = head.size() - 1;
  EXPECT_EQ(verdict(head, limits), "headers_too_large");
  limits.header_bytes = 10;  // inside the request line
  EXPECT_EQ(verdict(head, limits), "headers_too_large");

  limits = AcceptanceLimits{};
  limits.header_count = 2;
  EXPECT_EQ(verdict(get("X: y\r\n"), limits), "ok");
  EXPECT_EQ(verdict(get("X: y\r\nZ: y\r\n"), limits), "headers_too_large");
  limits.header_count = 100;
  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "X: y\r\n";
  EXPECT_EQ(verdict(get(fields), limits), "ok");
  EXPECT_EQ(verdict(get(fields + "X: y\r\n"), limits), "headers_too_large");
}

TEST(Acceptance, NeverHoldsSixtyFourKilobytesOfHead) {  // B10
  AcceptanceLimits limits;
  limits.header_bytes = 10 << 20;
  limits.header_count = 100'000;
  const std::string bytes = "GET / HTTP/1.1\r\nX: " + std::string(64 * 1024, 'x');
  EXPECT_EQ(print_request(bytes, whole(), limits).substr(0, 23), "error headers_too_large");
}

TEST(Acceptance, KnowsItsVersions) {  // row 8
  check({
      {line("GET / HTTP/1.1"), "ok"},
      {line("GET / HTTP/1.0"), "ok"},
      {"PRI * HTTP/2.0\r\n", "http_version_unsupported"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http_version_unsupported"},
      {line("GET / HTTP/9.9"), "http_version_unsupported"},
      {line("GET / HTTP/1.2"), "http_version_unsupported"},
      {line("GET / HTTP/0.9"), "bad_request"},
      {line("GET / http/1.1"), "bad_request"},
      {line("GET / HTTP/1.10"), "bad_request"},
      {line("GET / HTTP/01.1"), "bad_request"},
      {line("GET / HTTP/1"), "bad_request"},
      {line("GET / HTTP/1,1"), "bad_request"},
      {line("GET / HTTP/1.1 "), "bad_request"},
      {line("GET / HTTPS/1.1"), "bad_request"},
      {line("GET / x HTTP/1.1"), "bad_request"},
      {"GET /\r\n", "bad_request"},
      {"GET\r\n", "bad_request"},
      {line("GET  / HTTP/1.1"), "bad_request"},
      {line("GET\t/ HTTP/1.1"), "bad_request"},
      {line("G(T / HTTP/1.1"), "bad_request"},
      {line("GET /\rHTTP/1.1"), "bad_request"},
  });
}

TEST(Acceptance, LeavesUnknownMethodsToTheSession) {  // row 9
  for (const char* text : {"CONNECT gate.example:443 HTTP/1.1", "TRACE / HTTP/1.1",
                           "BREW /pot HTTP/1.1", "get / HTTP/1.1"}) {
    RequestParser parser(AcceptanceLimits{});
    const std::string bytes = line(text);
    const Result<std::size_t> size = parser.parse_head(bytes);
    ASSERT_TRUE(size) << text;
    EXPECT_EQ(*size, bytes.size());
    EXPECT_EQ(parser.head().method, Method::other) << text;
    EXPECT_FALSE(parser.has_body());
  }
  const std::string connect =
      "CONNECT a:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET";
  RequestParser parser(AcceptanceLimits{});
  std::size_t used = 0;
  print_request(parser, connect, whole(), &used);
  EXPECT_EQ(connect.substr(used), "GET");
}

TEST(Acceptance, TakesTargetsInOriginFormOnly) {  // B15
  check({
      {line("OPTIONS * HTTP/1.1"), "ok"},
      {line("GET * HTTP/1.1"), "bad_request"},
      {line("GET http://gate.example/ HTTP/1.1"), "bad_request"},
      {line("GET v1/models HTTP/1.1"), "bad_request"},
      {line("GET ?x HTTP/1.1"), "bad_request"},
      {line("GET /a#b HTTP/1.1"), "bad_request"},
      {line("GET /caf\xc3\xa9 HTTP/1.1"), "bad_request"},
      {line("GET /\x7f HTTP/1.1"), "bad_request"},
      {line("GET /\x01 HTTP/1.1"), "bad_request"},
      {line("GET /%23%00?a?b HTTP/1.1"), "ok"},
      {line("CONNECT a:443#x HTTP/1.1"), "bad_request"},
  });
}

TEST(Acceptance, ToleratesOneEmptyLineBefore) {  // B12
  check({
      {"\r\n" + get(""), "ok"},
      {"\r\n\r\n" + get(""), "bad_request"},
      {"\n" + get(""), "bad_request"},
      {"\r" + get(""), "bad_request"},
      {"\r\n\n" + get(""), "bad_request"},
      {"\r\n", "incomplete"},
  });
  RequestParser parser(AcceptanceLimits{});
  const std::string bytes = "\r\n" + get("");
  EXPECT_EQ(*parser.parse_head(bytes), bytes.size());
}

TEST(Acceptance, RefusesRepeatedSingletons) {  // row 19
  check({
      {get("Authorization: a\r\nAuthorization: a\r\n"), "bad_request"},
      {get("Authorization:\r\nauthorization: a\r\n"), "bad_request"},
      {get("x-api-key: a\r\nX-API-Key: b\r\n"), "bad_request"},
      {get("Content-Type: a/b\r\nContent-Type: a/b\r\n"), "bad_request"},
      {get("Content-Encoding: identity\r\nContent-Encoding: gzip\r\n"), "bad_request"},
      {get("Accept: a/b\r\nAccept: c/d\r\n"), "ok"},
      {get("Authorization: Bearer " + std::string(8192, 'k') + "\r\n"), "ok"},
      {get("Authorization: Bearer \xff\r\n"), "ok"},
  });
}

TEST(Acceptance, UnderstandsOneExpectation) {  // row 21
  const auto expects = [](std::string_view bytes) {
    RequestParser parser(AcceptanceLimits{});
    EXPECT_TRUE(parser.parse_head(bytes)) << bytes;
    return parser.head().expect_continue;
  };
  EXPECT_TRUE(expects(get("Expect: 100-continue\r\nContent-Length: 5\r\n")));
  EXPECT_TRUE(expects(get("expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n")));
  EXPECT_FALSE(expects(get("Expect: 100-continue\r\n")));
  EXPECT_FALSE(expects(get("Expect: 100-continue\r\nContent-Length: 0\r\n")));
  EXPECT_FALSE(expects("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
  check({
      {get("Expect: 200-ok\r\n"), "expectation_failed"},
      {get("Expect:\r\n"), "expectation_failed"},
      {get("Expect: 100-continue, x\r\n"), "expectation_failed"},
      {get("Expect: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n"), "expectation_failed"},
      {"GET / HTTP/1.0\r\nExpect: x\r\n\r\n", "ok"},
  });
}

TEST(Acceptance, KnowsWhetherTheConnectionStays) {  // row 22
  const auto keeps = [](std::string_view bytes) {
    RequestParser parser(AcceptanceLimits{});
    EXPECT_TRUE(parser.parse_head(bytes)) << bytes;
    return parser.head().keep_alive;
  };
  EXPECT_TRUE(keeps(get("")));
  EXPECT_TRUE(keeps(get("Connection: keep-alive\r\n")));
  EXPECT_FALSE(keeps(get("Connection: close\r\n")));
  EXPECT_FALSE(keeps(get("Connection: x, Close\r\n")));
  EXPECT_FALSE(keeps(get("Connection: keep-alive\r\nConnection: close\r\n")));
  EXPECT_TRUE(keeps(get("Connection: closed\r\n")));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"));
}

TEST(Acceptance, RefusesBodiesOverTheLimitBeforeReadingThem) {  // B11; row 13
  AcceptanceLimits limits;
  limits.body_bytes = 10;
  EXPECT_EQ(verdict(get("Content-Length: 10\r\n"), limits), "ok");
  EXPECT_EQ(verdict(get("Content-Length: 11\r\n"), limits), "body_too_large");
  const std::string head = get("Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(verdict(head + "5\r\nabcde\r\n5\r\nabcde\r\n0\r\n\r\n", limits), "ok");
  EXPECT_EQ(verdict(head + "5\r\nabcde\r\n6\r\n", limits), "body_too_large");
  EXPECT_EQ(verdict(head + "ffffffffff\r\n", limits), "body_too_large");
}

TEST(Acceptance, DropsTrailers) {  // B8
  const std::string bytes = get("Transfer-Encoding: chunked\r\n") +
                            "1\r\nx\r\n0\r\nConnection: close\r\nAuthorization: Bearer k\r\n\r\n";
  RequestParser parser(AcceptanceLimits{});
  const std::string text = print_request(parser, bytes, whole());
  EXPECT_NE(text.find("body 'x'"), std::string::npos) << text;
  EXPECT_TRUE(parser.chunks_done());
  EXPECT_TRUE(parser.head().keep_alive);
  EXPECT_TRUE(parser.head().authorization.empty());
  EXPECT_EQ(parser.head().fields.size(), 2u);
}

TEST(Acceptance, TakesPipelinedRequestsOneByOne) {  // rows 22 and 23
  const std::vector<std::string> requests = {
      get("X: 1\r\n"),
      get("Content-Length: 5\r\n") + "hello",
      get("Transfer-Encoding: chunked\r\n") + "3;a=b\r\nabc\r\n0\r\nT: x\r\n\r\n",
      "\r\n" + get("X: 2\r\n"),
  };
  std::string bytes;
  for (const std::string& request : requests) bytes += request;
  for (const Cut& cut : {whole(), one_byte(), random_cuts(9)}) {
    RequestParser parser(AcceptanceLimits{});
    std::string_view left = bytes;
    for (const std::string& request : requests) {
      std::size_t used = 0;
      print_request(parser, left, cut, &used);
      EXPECT_EQ(left.substr(0, used), request);
      left.remove_prefix(used);
      parser.reset();
    }
    EXPECT_TRUE(left.empty());
  }
}

TEST(Acceptance, ForgetsTheRequestBefore) {
  const std::string full =
      "POST /a?b HTTP/1.0\r\nHost: h\r\nContent-Type: t/u\r\nContent-Encoding: gzip\r\n"
      "Authorization: k\r\nx-api-key: l\r\nConnection: close\r\nContent-Length: 3\r\n\r\n";
  for (const bool release : {false, true}) {
    RequestParser parser(AcceptanceLimits{});
    ASSERT_TRUE(parser.parse_head(full));
    if (release) parser.release();
    parser.reset();
    EXPECT_EQ(print_request(parser, get(""), whole()), print_request(get(""), whole()));
    EXPECT_TRUE(parser.head().content_encoding.empty());
    EXPECT_TRUE(parser.head().x_api_key.empty());
    EXPECT_TRUE(parser.head().connection.empty());
  }
}

TEST(Acceptance, SaysWhichRuleWasBrokenAndWhere) {
  const auto message = [](std::string_view bytes) { return print_request(bytes, whole()); };
  EXPECT_EQ(message(get("X : y\r\n")),
            "error bad_request 'line 3 of the head: a header is a name of token characters and, at "
            "once, a colon' ()");
  EXPECT_EQ(message(get("Content-Length: 5\r\nContent-Length: 5\r\n")),
            "error bad_framing 'Content-Length is repeated: send it once' (content-length)");
  EXPECT_EQ(message(get("Authorization: a\r\nAuthorization: a\r\n")),
            "error bad_request 'authorization is repeated' (authorization)");
  EXPECT_EQ(
      message(get("A: b\r\n c\r\n")),
      "error bad_request 'line 4 of the head starts with a blank: folded header lines are not "
      "accepted' ()");
}

TEST(Acceptance, IsTheSameForEveryCutOfMutatedRequests) {
  const std::vector<std::string> seeds = {
      get("Transfer-Encoding: chunked\r\n") + "5;x=y\r\nhello\r\n0\r\nT: v\r\n\r\n",
      get("Content-Length: 12\r\nConnection: close\r\nExpect: 100-continue\r\n") + "hello world!",
      "\r\nPOST /v1/messages?beta=true HTTP/1.0\r\nx-api-key: k\r\nA: \t b \r\n\r\n",
  };
  const std::string_view alphabet("\r\n\0 \t:;,aZ05-/#\x7f\xff", 18);
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    std::mt19937 dice(seed);
    std::string bytes = seeds[dice() % seeds.size()];
    for (std::uint32_t i = 0, changes = 1 + dice() % 4; i < changes; ++i) {
      const std::size_t at = dice() % bytes.size();
      const char c = alphabet[dice() % alphabet.size()];
      switch (dice() % 4) {
        case 0: bytes[at] = c; break;
        case 1: bytes.insert(at, 1, c); break;
        case 2: bytes.erase(at, 1 + dice() % 3); break;
        default: bytes.insert(at, bytes.substr(dice() % bytes.size(), dice() % 20));
      }
    }
    const std::string at_once = print_request(bytes, whole());
    ASSERT_EQ(print_request(bytes, one_byte()), at_once) << "seed " << seed;
    ASSERT_EQ(print_request(bytes, random_cuts(seed)), at_once) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tallygate::http
