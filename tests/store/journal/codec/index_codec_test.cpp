#include "store/journal/codec/index_codec.h"

#include <gtest/gtest.h>

#include <vector>

namespace tallygate::store {
namespace {

TEST(IndexCodec, FindsTheBatchesOfAHashLastFirst) {
  constexpr std::uint64_t kFirst = 1ULL << 40;
  const std::vector<IndexEntry> entries{
      {1, kFirst}, {UINT64_MAX, kFirst}, {1, kFirst + 9}, {3, kFirst + UINT32_MAX}};
  std::string value;
  append_entries(entries, value);
  EXPECT_EQ(value.size(), 32U);
  IndexEntries of_one(kFirst, value);
  EXPECT_TRUE(of_one.is_whole());
  EXPECT_EQ(of_one.last_batch(), kFirst + UINT32_MAX);
  EXPECT_EQ(of_one.take_match(1), kFirst + 9);
  EXPECT_EQ(of_one.take_match(1), kFirst);
  EXPECT_FALSE(of_one.take_match(1).has_value());
  EXPECT_FALSE(of_one.last_batch().has_value());
  EXPECT_EQ(IndexEntries(kFirst, value).take_match(UINT64_MAX), kFirst);
  EXPECT_EQ(IndexEntries(kFirst, value).take_match(3), kFirst + UINT32_MAX);
  EXPECT_FALSE(IndexEntries(kFirst, value).take_match(2).has_value());
}

TEST(IndexCodec, KnowsACutValue) {
  std::string value;
  append_entries(std::vector<IndexEntry>{{1, 2}, {3, 4}}, value);
  for (std::size_t size = 0; size <= value.size(); ++size) {
    const IndexEntries cut(2, std::string_view(value).substr(0, size));
    EXPECT_EQ(cut.is_whole(), size == 8 || size == 16) << size;
    EXPECT_EQ(cut.last_batch().has_value(), size >= 8) << size;
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
