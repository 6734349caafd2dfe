#include "gateway/http/body_buffer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tallygate::http {
namespace {

TEST(BodyBuffer, IsEmptyAtFirst) {
  BodyRoom room;
  BodyBuffer buffer(room);
  EXPECT_EQ(buffer.view(), "");
  buffer.append("");
  EXPECT_EQ(buffer.view(), "");
}

TEST(BodyBuffer, TakesOneByteAtATime) {
  BodyRoom room;
  BodyBuffer buffer(room);
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    const char byte = static_cast<char>(i);
    buffer.append({&byte, 1});
    expected.push_back(byte);
  }
  EXPECT_EQ(buffer.view(), expected);
}

TEST(BodyBuffer, NeverOffersMoreSpaceThanIsWanted) {
  BodyRoom room;
  BodyBuffer buffer(room);
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
  BodyRoom room;
  BodyBuffer buffer(room);
  EXPECT_LE(buffer.space(kWanted).size(), std::size_t{1} << 20);
}

TEST(BodyBuffer, IsCrowdedOutByTheOthers) {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  const std::string body(kMiB, 'x');
  BodyRoom room;
  room.most = 3 * kMiB;
  BodyBuffer late(room);
  {
    BodyBuffer one(room);
    BodyBuffer two(room);
    one.append(body);
    two.append(body);
    EXPECT_FALSE(two.is_crowded_out());
    late.append(body + body);
    EXPECT_TRUE(late.is_crowded_out());
    EXPECT_FALSE(one.is_crowded_out()) << "only who asks for more is turned away";
  }
  EXPECT_EQ(room.held, 2 * kMiB);
  late.release();
  EXPECT_EQ(room.held, 0U);
  late.append(body);
  EXPECT_FALSE(late.is_crowded_out());
}

TEST(BodyBuffer, CanBeUsedAgain) {
  BodyRoom room;
  BodyBuffer buffer(room);
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
    BodyRoom room;
    BodyBuffer buffer(room);
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
