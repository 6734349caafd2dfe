#include "gateway/registry/predictions/prediction_retention.h"

#include <gtest/gtest.h>

#include "gateway/registry/predictions/prediction_document.h"
#include "store/catalog/catalog.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::registry {
namespace {

WallTime at_second(int second) { return WallTime{std::chrono::seconds{second}}; }

void put(store::Catalog& catalog, std::string_view kind, const std::string& id, int second) {
  store::DocumentWrite write;
  write.kind = kind;
  write.id = id;
  write.body = "{}";
  store::Transaction transaction;
  transaction.writes = {write};
  transaction.now = at_second(second);
  ASSERT_TRUE(catalog.transact(transaction).has_value());
}

TEST(PredictionSweep, RemovesOldOnesAFewAtATimeAndBeginsAgain) {
  const testing::TemporaryDirectory directory;
  const auto catalog = store::open_catalog(directory / "catalog").value();
  for (int n = 10; n < 20; ++n) put(*catalog, kPredictionKind, std::to_string(n), 100 + n % 2);
  put(*catalog, "another_kind", "1", 1);

  PredictionSweep sweep;
  const auto step = [&](int before) {
    return sweep.step(*catalog, at_second(before), 4, at_second(500)).value();
  };
  EXPECT_EQ(step(100), 0U);  // none is as old as that
  EXPECT_EQ(step(101), 2U);  // 14 and 16 of 14..17
  EXPECT_EQ(step(101), 1U);  // 18
  EXPECT_EQ(step(101), 2U);  // from the start: 10 and 12
  EXPECT_EQ(catalog->all(kPredictionKind)->size(), 5U);
  EXPECT_EQ(catalog->all("another_kind")->size(), 1U);
  const auto entry = catalog->audit({.kind = std::string(kPredictionKind), .limit = 1})->front();
  EXPECT_EQ(entry.action, "retention");
  EXPECT_EQ(entry.before, "") << "what is forgotten is not kept in the audit trail";
}

}  // namespace
}  // namespace tallygate::registry
