#include "gateway/http/message/chunk_decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "tests/gateway/http/feed.h"

namespace tallygate::http {
namespace {

std::string decode(std::string_view bytes, const Cut& cut,
                   std::uint64_t max_bytes = ChunkDecoder::kUnlimited) {
  ChunkDecoder decoder(Errc::bad_framing, max_bytes);
  std::string payload;
  const Result<std::size_t> used = feed_body(
      bytes, cut,
      [&](std::string_view piece) { return decoder.decode(piece, append_payload, &payload); },
      [&] { return decoder.done(); });
  if (!used) return print_error(used.error());
  return "'" + payload + "' " + std::to_string(*used) + (decoder.done() ? " done" : " open");
}

void check(std::string_view bytes, std::string_view expected,
           std::uint64_t max_bytes = ChunkDecoder::kUnlimited) {
  EXPECT_EQ(decode(bytes, whole(), max_bytes).substr(0, expected.size()), expected) << bytes;
  EXPECT_EQ(decode(bytes, one_byte(), max_bytes), decode(bytes, whole(), max_bytes)) << bytes;
  EXPECT_EQ(decode(bytes, random_cuts(7), max_bytes), decode(bytes, whole(), max_bytes)) << bytes;
}

TEST(ChunkDecoder, JoinsChunksAndStopsAtTheEnd) {
  check("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "'hello world' 26 done");
  check("0\r\n\r\nGET / HTTP/1.1", "'' 5 done");
  check("a\r\n0123456789\r\n0\r\n\r\n", "'0123456789' 20 done");
  check("A\r\n0123456789\r\n00\r\n\r\n", "'0123456789' 21 done");
  check("0000000000000001\r\nx\r\n0\r\n\r\n", "'x' 26 done");
  check("5\r\nhel", "'hel' 6 open");
  check("", "'' 0 open");
}

TEST(ChunkDecoder, DropsExtensionsAndTrailers) {
  check("1;a=b;c=\"d\"\r\nx\r\n0;last\r\nT: v\r\nU:\r\n\r\nrest", "'x' 36 done");
}

TEST(ChunkDecoder, RefusesWhatIsNotPlain) {  // row 12
  for (const char* bad : {
           "0x5\r\nhello\r\n",
           "+5\r\nhello\r\n",
           "-5\r\nhello\r\n",
           " 5\r\nhello\r\n",
           "5 \r\nhello\r\n",
           "5\t\r\nhello\r\n",
           "5_\r\nhello\r\n",
           "g\r\n",
           "\r\n",
           ";x\r\n",
           "00000000000000005\r\nhello\r\n",
           "ffffffffffffffff\r\n",
           "8000000000000000\r\n",
           "5\nhello\r\n",
           "5\r\nhello\n",
           "5\r\nhelloworld\r\n",
           "5\r\nhello\rX",
           "5\rX",
           "5;\nhello\r\n",
           "5;a\rb\r\n",
           "5;a\x01\r\n",
           "0\r\n\n",
           "0\r\n\rX",
           "0\r\nT: v\n\r\n",
           "0\r\nT: v\rX",
           "0\r\n T: v\r\n\r\n",
           "0\r\nT: v\r\n folded\r\n\r\n",
           "0\r\nT : v\r\n\r\n",
           "0\r\n: v\r\n\r\n",
           "0\r\nno colon\r\n\r\n",
           "0\r\nT: \x7f\r\n\r\n",
       }) {
    check(bad, "error bad_framing 'chunked body: ");
  }
}

TEST(ChunkDecoder, CapsSizeLinesAndTrailers) {  // B9
  const std::string size_line = "5;" + std::string(kMaxChunkLineBytes - 3, 'x') + "\r";
  check(size_line + "\nhello\r\n0\r\n\r\n", "'hello'");
  check("5;" + std::string(kMaxChunkLineBytes, 'x'),
        "error bad_framing 'chunked body: a chunk size line is too long'");
  std::string trailers = "0\r\n";
  while (trailers.size() < 2 * kMaxChunkLineBytes) trailers += "T: v\r\n";
  check(trailers, "error bad_framing 'chunked body: the trailers are too long'");
}

TEST(ChunkDecoder, CountsExtensionsTowardsTheBody) {
  check("5\r\nhello\r\n0\r\n\r\n", "'hello' 15 done", 5);
  check("5\r\nhello\r\n1\r\n", "error body_too_large 'the body is larger than 5 bytes'", 5);
  check("1;abcdef\r\n", "error body_too_large", 5);
  check("1;abcd\r\nx\r\n", "'x' 11 open", 5);
  check("1;abcd\r\nx\r\n1\r\n", "error body_too_large", 5);
}

TEST(ChunkDecoder, FailsTheSameWayEverAfter) {
  ChunkDecoder decoder(Errc::upstream_bad_response);
  std::string payload;
  const Result<std::size_t> first = decoder.decode("x", append_payload, &payload);
  const Result<std::size_t> second = decoder.decode("5\r\nhello", append_payload, &payload);
  ASSERT_FALSE(first);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, first.error().message);
  EXPECT_EQ(second.error().code, Errc::upstream_bad_response);
  EXPECT_TRUE(payload.empty());
  decoder.reset();
  EXPECT_EQ(*decoder.decode("5\r\nhello", append_payload, &payload), 8u);
}

}  // namespace
}  // namespace tallygate::http
