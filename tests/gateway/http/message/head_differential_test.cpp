// Our own cutting of heads against Beast's: what we accept, Beast accepts and reads the same way.
// The reverse does not hold: we are stricter.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/gateway/http/beast_head.h"
#include "tests/gateway/http/feed.h"

namespace tallygate::http {
namespace {

constexpr std::uint32_t kRounds = 30'000;

std::string mutate(std::string bytes, std::mt19937& dice) {
  static const std::vector<std::string> kPieces = {
      "\r", "\n",   "\r\n", ": ", "\t", " ",        ",",        std::string(1, '\0'),
      "(",  "\x7f", "-",    "5",  "A",  "\xc3\xa9", "a: b\r\n", "Connection: x, ,y\r\n"};
  for (std::uint32_t edits = dice() % 4; edits > 0; --edits) {
    const std::size_t at = dice() % bytes.size();
    switch (dice() % 3) {
      case 0: bytes.replace(at, 1, kPieces[dice() % kPieces.size()]); break;
      case 1: bytes.insert(at, kPieces[dice() % kPieces.size()]); break;
      default: bytes.erase(at, 1 + dice() % 3);
    }
    if (bytes.empty()) bytes = "x";
  }
  return bytes;
}

template <bool IsRequest, class Parser>
void check(const std::vector<std::string>& seeds, const std::function<Parser()>& make) {
  std::uint32_t accepted = 0;
  for (std::uint32_t seed = 1; seed <= kRounds && !testing::Test::HasFailure(); ++seed) {
    std::mt19937 dice(seed);
    const std::string bytes = mutate(seeds[dice() % seeds.size()], dice);
    Parser parser = make();
    const Result<std::size_t> size = parser.parse_head(bytes);
    if (!size || *size == 0) continue;
    ++accepted;
    std::string_view head = std::string_view(bytes).substr(0, *size);
    if (head.starts_with("\r\n")) head.remove_prefix(2);
    const auto beast = BeastHead<IsRequest>::print(head);
    ASSERT_TRUE(beast) << "seed " << seed << ": Beast refuses " << head;
    EXPECT_EQ(print_fields(parser.head().fields), *beast) << "seed " << seed;
  }
  EXPECT_GT(accepted, kRounds / 10);
  EXPECT_LT(accepted, kRounds * 9 / 10);
}

TEST(HeadDifferential, ReadsRequestsAsBeastDoes) {
  check<true, RequestParser>(
      {"POST /v1/messages?beta=true HTTP/1.1\r\nHost: gate:80\r\nx-api-key:k\r\nA: \t b \r\n"
       "Content-Length: 12\r\nConnection: keep-alive, x-a\r\nUser-Agent: SDK/1 (x; y) z\r\n\r\n",
       "\r\nGET / HTTP/1.0\r\nEmpty:\r\nLong: 0123456789abcdef 0123456789abcdef 0123456\r\n\r\n",
       "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nProxy-Connection: "
       "close\r\n\r\n"},
      [] { return RequestParser(AcceptanceLimits{}); });
}

TEST(HeadDifferential, ReadsResponsesAsBeastDoes) {
  check<false, ResponseParser>(
      {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
       "HTTP/1.0 500 \r\nX-Long: 0123456789abcdef 0123456789abcdef 0123456\r\nB: \t c\t \r\n\r\n",
       "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nConnection: close\r\nE:\r\n\r\n"},
      [] { return ResponseParser(); });
}

}  // namespace
}  // namespace tallygate::http
