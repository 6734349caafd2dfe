#include "store/journal/codec/batch_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "store/journal/codec/record_codec.h"
#include "tests/support/records.h"

namespace tallygate::store {
namespace {

using testing::RandomRecords;
using testing::small_record;

TEST(BatchCodec, GivesBackRandomRecordsInTheirOrder) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomRecords random(seed);
  for (std::size_t count = 0; count < 40; ++count) {
    std::vector<router::Record> records;
    std::string batch;
    for (std::size_t i = 0; i < count; ++i) {
      records.push_back(random.next());
      append_record(records.back(), batch);
    }
    std::string_view rest = batch;
    for (const auto& record : records) {
      ASSERT_FALSE(rest.empty());
      const auto stored = take_record(rest);
      ASSERT_TRUE(stored.has_value()) << stored.error().message;
      EXPECT_EQ(stored->id, record.id);
      std::string expected;
      encode_record(record, expected);
      EXPECT_EQ(stored->bytes, expected);
    }
    EXPECT_TRUE(rest.empty());
  }
}

TEST(BatchCodec, RefusesEveryCutButThoseBetweenRecords) {
  std::string batch;
  append_record(small_record(1), batch);
  const std::size_t first = batch.size();
  append_record(small_record(2), batch);
  for (std::size_t size = 1; size <= batch.size(); ++size) {
    std::string_view rest = std::string_view(batch).substr(0, size);
    Result<StoredRecord> stored = StoredRecord{};
    while (stored && !rest.empty()) stored = take_record(rest);
    EXPECT_EQ(stored.has_value(), size == first || size == batch.size()) << size;
    if (!stored) {
      EXPECT_EQ(stored.error().code, Errc::storage_corrupt) << size;
    }
  }
}

TEST(BatchCodec, SaysWhichRecordIsLongerThanItsBatch) {
  std::string batch;
  append_record(small_record(7), batch);
  batch[19] = '\x7F';  // the highest byte of the length
  std::string_view rest = batch;
  const auto stored = take_record(rest);
  ASSERT_FALSE(stored.has_value());
  EXPECT_NE(stored.error().message.find(to_string(small_record(7).id)), std::string::npos);
}

}  // namespace
}  // namespace tallygate::store
