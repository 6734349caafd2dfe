#include "gateway/http/buffer_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

namespace tallygate::http {
namespace {

TEST(BufferPool, GivesTheLastReturnedBufferFirst) {
  BufferPool pool;
  Buffer first = pool.take();
  Buffer second = pool.take();
  char* const first_bytes = first.data();
  char* const second_bytes = second.data();
  EXPECT_NE(first_bytes, second_bytes);
  first.release();
  second.release();
  EXPECT_EQ(pool.take().data(), second_bytes);
}

TEST(BufferPool, LendsEachBufferToOneAtATime) {
  BufferPool pool;
  std::vector<Buffer> held;
  std::set<char*> addresses;
  for (std::size_t i = 0; i < BufferPool::kKept + 10; ++i) {
    held.push_back(pool.take());
    std::memset(held.back().data(), 7, BufferPool::kBufferBytes);
    EXPECT_TRUE(addresses.insert(held.back().data()).second);
  }
  held.clear();  // more than are kept: the rest goes back to the allocator
  std::set<char*> again;
  for (std::size_t i = 0; i < BufferPool::kKept; ++i) {
    held.push_back(pool.take());
    EXPECT_TRUE(addresses.contains(held.back().data()));
    EXPECT_TRUE(again.insert(held.back().data()).second);
  }
}

TEST(Buffer, ReturnsOnceHoweverItEnds) {
  BufferPool pool;
  char* bytes = nullptr;
  {
    Buffer outer;
    EXPECT_FALSE(outer);
    Buffer inner = pool.take();
    bytes = inner.data();
    outer = std::move(inner);
    EXPECT_EQ(outer.data(), bytes);
    inner.release();  // NOLINT(bugprone-use-after-move): empty by contract
    outer.release();
    outer.release();
    EXPECT_FALSE(outer);
  }
  const Buffer one = pool.take();
  const Buffer other = pool.take();
  EXPECT_EQ(one.data(), bytes);
  EXPECT_NE(other.data(), bytes) << "given back once, lent once";
}

TEST(Buffer, GivesUpWhatItHeldWhenAnotherIsMovedIn) {
  BufferPool pool;
  Buffer kept = pool.take();
  char* const dropped = kept.data();
  kept = pool.take();
  EXPECT_EQ(pool.take().data(), dropped);
}

}  // namespace
}  // namespace tallygate::http
