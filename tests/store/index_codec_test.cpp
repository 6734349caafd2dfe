#include "store/index_codec.h"

#include <gtest/gtest.h>

#include <vector>

namespace tallygate::store {
namespace {

TEST(IndexCodec, GivesBackEntriesLastFirst) {
  const std::vector<IndexEntry> entries{{1, 2}, {UINT64_MAX, 1ULL << 40}, {3, UINT64_MAX}};
  std::string value;
  append_entries(entries, value);
  EXPECT_EQ(value.size(), 48U);
  std::string_view rest = value;
  for (auto at = entries.rbegin(); at != entries.rend(); ++at) {
    EXPECT_EQ(take_last_entry(rest), *at);
  }
  EXPECT_FALSE(take_last_entry(rest).has_value());
}

TEST(IndexCodec, TakesNothingFromACutValue) {
  std::string value;
  append_entries(std::vector<IndexEntry>{{1, 2}, {3, 4}}, value);
  for (std::size_t size = 0; size <= value.size(); ++size) {
    std::string_view cut = std::string_view(value).substr(0, size);
    EXPECT_EQ(take_last_entry(cut).has_value(), size == 16 || size == 32) << size;
  }
}

TEST(IndexCodec, SortsKeysByPartitionThenByBatch) {
  EXPECT_LT(index_key(1, 300), index_key(2, 0));
  EXPECT_LT(index_key(1, 255), index_key(1, 256));
  EXPECT_LT(index_key(kPartitions - 1, UINT64_MAX), index_key(kPartitions, 0));
  EXPECT_EQ(first_batch_of(index_key(7, 1234567)), 1234567U);
  EXPECT_FALSE(first_batch_of("short").has_value());
}

TEST(IndexCodec, SpreadsHashesOverAllPartitions) {
  EXPECT_EQ(partition_of(0), 0U);
  EXPECT_EQ(partition_of(UINT64_MAX), kPartitions - 1);
}

}  // namespace
}  // namespace tallygate::store
