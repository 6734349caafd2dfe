#include "store/catalog/catalog_lease.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

Transaction write_of(const std::string& id) {
  Transaction transaction;
  transaction.actor = "test";
  transaction.action = "create";
  DocumentWrite write;
  write.kind = "thing";
  write.id = id;
  write.body = "{}";
  transaction.writes.push_back(std::move(write));
  return transaction;
}

TEST(CatalogLease, LetsAnotherOpenWhatWasReleased) {
  const testing::TemporaryDirectory directory;
  const auto lease = CatalogLease::open(directory / "catalog").value();
  ASSERT_TRUE(lease->transact(write_of("a")).has_value());
  lease->release();
  EXPECT_EQ(lease->find("thing", "a").error().code, Errc::storage_unavailable);
  EXPECT_EQ(lease->transact(write_of("b")).error().code, Errc::storage_unavailable);
  const auto other = open_catalog(directory / "catalog").value();
  EXPECT_TRUE(other->find("thing", "a").has_value());
  EXPECT_TRUE(lease->take_back().has_error());
}

TEST(CatalogLease, TellsItsWatchersAgainOnceItIsBack) {
  const testing::TemporaryDirectory directory;
  const auto lease = CatalogLease::open(directory / "catalog").value();
  int told = 0;
  lease->watch([&](const std::vector<Document>&) { ++told; });
  lease->release();
  ASSERT_TRUE(lease->take_back().has_value());
  ASSERT_TRUE(lease->transact(write_of("a")).has_value());
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace tallygate::store
