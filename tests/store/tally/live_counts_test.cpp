#include "store/tally/live_counts.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

namespace tallygate::store {
namespace {

router::TallyKey key_of(std::uint8_t variant) { return router::variant_key({1, 2, 3, 1, variant}); }

std::map<int, std::uint64_t> taken(LiveCounts& counts) {
  std::map<int, std::uint64_t> sums;
  counts.take(
      [&](const router::TallyKey& key, std::uint64_t count) { sums[key.variant] += count; });
  return sums;
}

TEST(LiveCounts, GivesEachCountOnce) {
  LiveCounts counts;
  EXPECT_TRUE(taken(counts).empty());
  for (int i = 0; i < 3; ++i) counts.add(key_of(0), 1);
  counts.add(key_of(1), 1);
  EXPECT_EQ(taken(counts), (std::map<int, std::uint64_t>{{0, 3}, {1, 1}}));
  EXPECT_TRUE(taken(counts).empty());
  counts.add(key_of(1), 1);
  EXPECT_EQ(taken(counts), (std::map<int, std::uint64_t>{{1, 1}}));
}

TEST(LiveCounts, LosesNothingToAReaderBesideTheWorker) {
  constexpr int kRequests = 200'000;
  LiveCounts counts;
  std::thread worker([&] {
    for (int i = 0; i < kRequests; ++i) counts.add(key_of(static_cast<std::uint8_t>(i % 100)), 1);
  });
  std::uint64_t sum = 0;
  const auto read = [&] {
    for (const auto& [variant, count] : taken(counts)) sum += count;
  };
  for (int i = 0; i < 1000; ++i) read();
  worker.join();
  read();
  EXPECT_EQ(sum, kRequests);
}

}  // namespace
}  // namespace tallygate::store
