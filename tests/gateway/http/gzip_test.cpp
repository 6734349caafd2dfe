#include "gateway/http/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

namespace tallygate::http {
namespace {

void check(std::string_view accept_encoding, bool expected) {
  EXPECT_EQ(accepts_gzip(accept_encoding), expected) << accept_encoding;
}

TEST(Gzip, IsSentToThoseWhoTakeIt) {
  check("", false);
  check("gzip", true);
  check("GZip", true);
  check("x-gzip", true);
  check("deflate, gzip;q=1.0, *;q=0.5", true);
  check("br , gzip ; q=0.001", true);
  check("deflate, br", false);
  check("identity", false);
  check("gzip;q=0", false);
  check("gzip; Q=0.000", false);
  check("gzip;q=0., *", false);
  check("*", true);
  check("*;q=0", false);
  check("gzip;q=1, *;q=0", true);
  check("gzipped", false);
  check(",,;;q=0,", false);
}

std::string inflated(const std::string& compressed, std::size_t expected_bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return "cannot inflate";
  std::string text(expected_bytes + 1, '\0');
  std::string input = compressed;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int done = inflate(&stream, Z_FINISH);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return done == Z_STREAM_END ? text : "damaged";
}

TEST(Gzip, GivesBackWhatWentIn) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, std::size_t{1024}, std::size_t{300'000}}) {
    std::string noise;
    for (std::size_t i = 0; i < bytes; ++i) noise += static_cast<char>(dice());
    EXPECT_EQ(inflated(gzip(noise), bytes), noise);
    const std::string same(bytes, 'a');
    EXPECT_EQ(inflated(gzip(same), bytes), same);
  }
  EXPECT_LT(gzip(std::string(kMinGzipBytes, 'a')).size(), 64u);
}

}  // namespace
}  // namespace tallygate::http
