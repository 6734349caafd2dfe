#include "gateway/http/input_buffer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tallygate::http {
namespace {

void put(InputBuffer& buffer, std::string_view bytes) {
  const std::span<char> space = buffer.space();
  ASSERT_GE(space.size(), bytes.size());
  std::memcpy(space.data(), bytes.data(), bytes.size());
  buffer.filled(bytes.size());
}

TEST(InputBuffer, HoldsNoMemoryWhileItIsEmpty) {
  BufferPool pool;
  InputBuffer buffer(pool);
  EXPECT_EQ(buffer.view(), "");
  put(buffer, "request");
  const char* const bytes = buffer.view().data();
  buffer.consume(7);
  EXPECT_EQ(buffer.view(), "");
  EXPECT_EQ(pool.take().data(), bytes) << "it went back to the pool";
}

TEST(InputBuffer, KeepsWhatFollowsTheConsumed) {
  BufferPool pool;
  InputBuffer buffer(pool);
  put(buffer, "onetwothree");
  buffer.consume(3);
  EXPECT_EQ(buffer.view(), "twothree");
  std::string nothing;
  const std::size_t space = buffer.space().size();
  buffer.restore(nothing);
  EXPECT_EQ(buffer.view(), "twothree");
  EXPECT_EQ(buffer.space().size(), space + 3) << "moved to the front";
}

TEST(InputBuffer, GrowsAndKeepsItsBytes) {
  BufferPool pool;
  InputBuffer buffer(pool);
  const std::string full(buffer.space().size(), 'x');
  put(buffer, full);
  EXPECT_TRUE(buffer.space().empty());
  EXPECT_FALSE(buffer.has_room_for(full.size() + 1));
  buffer.grow(full.size() + 100);
  EXPECT_EQ(buffer.view(), full);
  EXPECT_EQ(buffer.space().size(), 100U);
  EXPECT_TRUE(buffer.has_room_for(full.size() + 100));
  EXPECT_FALSE(buffer.has_room_for(full.size() + 101));
}

TEST(InputBuffer, GrowsFromNothing) {
  BufferPool pool;
  InputBuffer buffer(pool);
  buffer.grow(100);
  EXPECT_EQ(buffer.view(), "");
  EXPECT_EQ(buffer.space().size(), 100U);
}

TEST(InputBuffer, RestoresWhatWasReadElsewhere) {
  BufferPool pool;
  InputBuffer buffer(pool);
  std::string ahead = "pipelined";
  buffer.restore(ahead);
  EXPECT_EQ(buffer.view(), "pipelined");
  EXPECT_EQ(ahead, "");
  std::string much(100'000, 'y');
  buffer.restore(much);
  EXPECT_EQ(buffer.view(), "pipelined" + std::string(100'000, 'y'));
}

TEST(InputBuffer, KeepsPaddingBehindItsBytesReadable) {
  BufferPool pool;
  InputBuffer buffer(pool);
  std::memset(buffer.space().data(), 'x', buffer.space().size());
  buffer.filled(buffer.space().size());
  // The sanitizer would stop a write behind the buffer's memory.
  std::memset(const_cast<char*>(buffer.view().data()) + buffer.view().size(), 0,
              wire::kJsonPadding);
  buffer.grow(50'000);
  buffer.filled(buffer.space().size());
  std::memset(const_cast<char*>(buffer.view().data()) + buffer.view().size(), 0,
              wire::kJsonPadding);
  EXPECT_EQ(buffer.view().size(), 50'000U);
}

TEST(InputBuffer, BehavesLikeAString) {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 dice(seed);
    BufferPool pool;
    InputBuffer buffer(pool);
    std::string expected;
    for (int step = 0; step < 300; ++step) {
      std::string bytes(dice() % 2000, '\0');
      for (char& c : bytes) c = static_cast<char>(dice());
      switch (dice() % 5) {
        case 0: {
          const std::size_t count = dice() % (expected.size() + 1);
          buffer.consume(count);
          expected.erase(0, count);
          break;
        }
        case 1:
          expected += bytes;
          buffer.restore(bytes);
          ASSERT_TRUE(bytes.empty());
          break;
        case 2:
          if (dice() % 10 == 0) buffer.grow(expected.size() + dice() % 30'000);
          break;
        default:
          bytes.resize(std::min(bytes.size(), buffer.space().size()));
          put(buffer, bytes);
          expected += bytes;
      }
      ASSERT_EQ(buffer.view(), expected) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace tallygate::http
