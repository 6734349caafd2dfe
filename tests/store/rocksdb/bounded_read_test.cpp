#include "store/rocksdb/bounded_read.h"

#include <gtest/gtest.h>

#include "store/catalog/catalog_keys.h"
#include "store/rocksdb/catalog/catalog_cursor.h"
#include "store/rocksdb/errors.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

using namespace std::chrono_literals;

struct Opened {
  testing::TemporaryDirectory directory;
  std::unique_ptr<CatalogDatabase> database =
      CatalogDatabase::open({.path = directory / "catalog"}, CatalogDatabase::Mode::read_write)
          .value();

  void put(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string key = kind_prefix("thing") + std::to_string(100'000 + i);
      ASSERT_TRUE(
          database->engine().Put({}, database->family(CatalogFamily::documents), key, "x").ok());
    }
  }
  /// Rows that a scan gives, and how it ended.
  std::pair<int, Result<void>> scan(ReadLimits limits) {
    BoundedRead bounds(database->engine(), limits);
    CatalogCursor cursor(*database,
                         {CatalogFamily::documents, kind_prefix("thing"), false, nullptr, &bounds});
    int rows = 0;
    for (cursor.to_first(); cursor.is_valid(); cursor.next()) ++rows;
    return {rows, cursor.ended()};
  }
};

TEST(BoundedRead, IsAnErrorBeyondItsRowsAndNeverAShorterAnswer) {
  Opened opened;
  opened.put(5);
  EXPECT_TRUE(opened.scan({.rows = 5}).second.has_value());
  const auto [rows, ended] = opened.scan({.rows = 4});
  ASSERT_TRUE(ended.has_error());
  EXPECT_EQ(ended.error().code, Errc::storage_unavailable);
  EXPECT_NE(ended.error().message.find("more than 4 rows"), std::string::npos)
      << ended.error().message;
}

TEST(BoundedRead, EndsAtItsDeadlineAlsoWhenAllIsCached) {
  Opened opened;
  opened.put(1000);
  EXPECT_TRUE(opened.scan({.time = 60s}).second.has_value());
  const auto [rows, ended] = opened.scan({.time = 0ms});
  EXPECT_LT(rows, 1000);
  ASSERT_TRUE(ended.has_error());
  EXPECT_EQ(ended.error().code, Errc::storage_unavailable);
  EXPECT_NE(ended.error().message.find("too long"), std::string::npos) << ended.error().message;
}

TEST(BoundedRead, FillsNoCacheAndTellsRocksDbItsDeadline) {
  Opened opened;
  const BoundedRead read(opened.database->engine(), {.time = 1s});
  EXPECT_FALSE(read.options().fill_cache);
  EXPECT_GT(read.options().deadline.count(), 0);
}

}  // namespace
}  // namespace tallygate::store
