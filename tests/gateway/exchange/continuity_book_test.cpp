#include "gateway/exchange/continuity_book.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/hash.h"

namespace tallygate {
namespace {

std::uint64_t hash_of(std::uint64_t unit) {
  return hash64({reinterpret_cast<const char*>(&unit), sizeof unit});
}

TEST(ContinuityBook, RemembersTheUnitsOfAllThreads) {
  constexpr std::uint64_t kEach = 2000;
  ContinuityBook book;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&book, t] {
      for (std::uint64_t unit = t * kEach; unit < (t + 1) * kEach; ++unit) {
        book.remember(hash_of(unit), {1, static_cast<router::NameId>(unit + 1)});
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::uint64_t unit = 0; unit < 4 * kEach; ++unit) {
    ASSERT_EQ(book.find(hash_of(unit)).version, unit + 1);
  }
}

TEST(ContinuityBook, RemembersNothingOfRequestsWithoutAUnit) {
  ContinuityBook book;
  book.remember(0, {1, 1});
  EXPECT_EQ(book.find(0), router::Served{});
}

}  // namespace
}  // namespace tallygate
