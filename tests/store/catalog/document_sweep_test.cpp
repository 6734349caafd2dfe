#include "store/catalog/document_sweep.h"

#include <gtest/gtest.h>

#include "store/catalog/catalog.h"
#include "tests/support/temporary_directory.h"

namespace tallygate::store {
namespace {

WallTime at_second(int second) { return WallTime{std::chrono::seconds{second}}; }

void put(Catalog& catalog, std::string_view kind, const std::string& id, int second,
         const std::string& body = "{}") {
  DocumentWrite write;
  write.kind = kind;
  write.id = id;
  write.body = body;
  Transaction transaction;
  transaction.writes = {write};
  transaction.now = at_second(second);
  ASSERT_TRUE(catalog.transact(transaction).has_value());
}

TEST(DocumentSweep, RemovesOldOnesAFewAtATimeAndBeginsAgain) {
  const tallygate::testing::TemporaryDirectory directory;
  const auto catalog = open_catalog(directory / "catalog").value();
  for (int n = 10; n < 20; ++n) put(*catalog, "prediction", std::to_string(n), 100 + n % 2);
  put(*catalog, "another_kind", "1", 1);

  DocumentSweep sweep("prediction");
  const auto step = [&](int before) {
    return sweep.step(*catalog, at_second(before), 4, at_second(500)).value();
  };
  EXPECT_EQ(step(100), 0U);  // none is as old as that
  EXPECT_EQ(step(101), 2U);  // 14 and 16 of 14..17
  EXPECT_EQ(step(101), 1U);  // 18
  EXPECT_EQ(step(101), 2U);  // from the start: 10 and 12
  EXPECT_EQ(catalog->all("prediction")->size(), 5U);
  EXPECT_EQ(catalog->all("another_kind")->size(), 1U);
  const auto entry = catalog->audit({.kind = "prediction", .limit = 1})->front();
  EXPECT_EQ(entry.action, "retention");
  EXPECT_EQ(entry.before, "") << "what is forgotten is not kept in the audit trail";
}

TEST(DocumentSweep, TakesALargeOneAtATime) {
  const tallygate::testing::TemporaryDirectory directory;
  const auto catalog = open_catalog(directory / "catalog").value();
  const std::string body = '"' + std::string(std::size_t{9} << 20, 'x') + '"';
  for (const char* id : {"1", "2", "3"}) put(*catalog, "feedback", id, 100, body);
  DocumentSweep sweep("feedback");
  for (std::size_t left : {2U, 1U, 0U}) {
    EXPECT_EQ(sweep.step(*catalog, at_second(101), 500, at_second(500)).value(), 1U);
    EXPECT_EQ(catalog->all("feedback")->size(), left);
  }
}

}  // namespace
}  // namespace tallygate::store
