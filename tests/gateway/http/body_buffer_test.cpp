#include "gateway/http/body_buffer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tallygate::http {
namespace {

TEST(BodyBuffer, IsEmptyAtFirst) {
  BodyBuffer buffer;
  EXPECT_EQ(buffer.view(), "");
  buffer.append("");
  EXPECT_EQ(buffer.view(), "");
}

TEST(BodyBuffer, TakesOneByteAtATime) {
  BodyBuffer buffer;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    const char byte = static_cast<char>(i);
    buffer.append({&byte, 1});
    expected.push_back(byte);
  }
  EXPECT_EQ(buffer.view(), expected);
}

TEST(BodyBuffer, NeverOffersMoreSpaceThanIsWanted) {
  BodyBuffer buffer;
  EXPECT_EQ(buffer.space(10).size(), 10U);
  std::memcpy(buffer.space(10).data(), "abc", 3);
  buffer.filled(3);
  EXPECT_EQ(buffer.space(10).size(), 7U);
  std::memcpy(buffer.space(10).data(), "defghij", 7);
  buffer.filled(7);
  EXPECT_EQ(buffer.view(), "abcdefghij");
  EXPECT_EQ(buffer.space(10).size(), 0U);
}

TEST(BodyBuffer, TakesMemoryOnlyAsBytesArrive) {
  constexpr std::size_t kWanted = std::size_t{1} << 30;
  BodyBuffer buffer;
  EXPECT_LE(buffer.space(kWanted).size(), std::size_t{1} << 20);
}

TEST(BodyBuffer, CanBeUsedAgain) {
  BodyBuffer buffer;
  buffer.append("first");
  buffer.clear();
  EXPECT_EQ(buffer.view(), "");
  buffer.append("second");
  EXPECT_EQ(buffer.view(), "second");
  buffer.release();
  EXPECT_EQ(buffer.view(), "");
  buffer.append("third");
  EXPECT_EQ(buffer.view(), "third");
}

TEST(BodyBuffer, HoldsWhatWasPutInInAnyPieces) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 dice(seed);
    const std::size_t wanted = 1 + dice() % 2'000'000;
    BodyBuffer buffer;
    std::string expected;
    while (expected.size() < wanted) {
      const std::size_t left = wanted - expected.size();
      const bool small = dice() % 3 == 0;
      std::string piece(std::min<std::size_t>(left, small ? dice() % 50 : dice() % 200'000), '\0');
      for (char& c : piece) c = static_cast<char>(dice());
      if (dice() % 2 == 0) {
        buffer.append(piece);
      } else {
        const std::span<char> space = buffer.space(wanted);
        ASSERT_GT(space.size(), 0U);
        ASSERT_LE(space.size(), left);
        piece.resize(std::min(piece.size(), space.size()));
        std::memcpy(space.data(), piece.data(), piece.size());
        buffer.filled(piece.size());
      }
      expected += piece;
    }
    EXPECT_EQ(buffer.view(), expected);
  }
}

}  // namespace
}  // namespace tallygate::http
