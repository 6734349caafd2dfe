// Remembered answers: kept 24 h, bounded, and gone from the disk afterwards.

#include <gtest/gtest.h>

#include "store/rocksdb/catalog/catalog_answers.h"
#include "tests/store/catalog/catalog_kit.h"

namespace tallygate::store {
namespace {

constexpr std::int64_t kDay = 24 * 3600;

Transaction remembering(const std::string& key, std::int64_t second) {
  static int next = 0;
  auto what = transaction({put("document " + std::to_string(++next))}, second);
  what.remember = RememberedAnswer{.key = key,
                                   .request_hash = "hash of " + key,
                                   .status = 201,
                                   .body = "answer to " + key,
                                   .at = at_second(second)};
  return what;
}

std::uint64_t stored_answers(const std::string& path) {
  const auto database =
      CatalogDatabase::open({.path = path}, CatalogDatabase::Mode::read_only).value();
  return AnswerBook::load(*database, 1).value().count();
}

TEST(CatalogAnswers, AreGivenAgainForADay) {
  const testing::TemporaryDirectory directory;
  const auto catalog = open(directory / "catalog");
  commit(*catalog, remembering("k", 1000));
  const auto answer = catalog->recall("k", at_second(1000 + kDay - 1)).value();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->key, "k");
  EXPECT_EQ(answer->request_hash, "hash of k");
  EXPECT_EQ(answer->status, 201U);
  EXPECT_EQ(answer->body, "answer to k");
  EXPECT_FALSE(catalog->recall("k", at_second(1000 + kDay)).value().has_value());
  EXPECT_FALSE(catalog->recall("other", at_second(1000)).value().has_value());
  EXPECT_FALSE(catalog->recall(std::string(100'000, 'x'), at_second(1000)).value().has_value());
}

TEST(CatalogAnswers, RefuseASecondWriteUnderALivingKeyAndNothingOfItIsThere) {
  const testing::TemporaryDirectory directory;
  const auto catalog = open(directory / "catalog");
  commit(*catalog, remembering("k", 1000));
  const auto refused = catalog->transact(remembering("k", 1001));
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(refused.error().param, "Idempotency-Key");
  EXPECT_EQ(catalog->all("thing").value().size(), 1U);
  commit(*catalog, remembering("k", 1000 + kDay));
  EXPECT_EQ(catalog->recall("k", at_second(1000 + kDay)).value()->at, at_second(1000 + kDay));
}

TEST(CatalogAnswers, LeaveTheDiskWhenTheyAreOld) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "catalog";
  auto catalog = open(path);
  for (int i = 0; i < 40; ++i) commit(*catalog, remembering("old " + std::to_string(i), 1000 + i));
  commit(*catalog, remembering("old 7", 1000 + 2 * kDay));  // takes 15 others and itself
  catalog = open_catalog(path).has_value() ? nullptr : std::move(catalog);  // the lock is held
  ASSERT_NE(catalog, nullptr);
  commit(*catalog, remembering("new 1", 1001 + 2 * kDay));
  commit(*catalog, remembering("new 2", 1002 + 2 * kDay));
  catalog.reset();
  EXPECT_EQ(stored_answers(path), 3U);
  catalog = open(path);
  EXPECT_TRUE(catalog->recall("old 7", at_second(1000 + 2 * kDay)).value().has_value());
}

TEST(CatalogAnswers, AreBoundedTheOldestGoFirst) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "catalog";
  auto catalog = open_embedded_catalog({.path = path, .max_remembered_answers = 5}).value();
  for (int i = 0; i < 12; ++i) commit(*catalog, remembering(std::to_string(i), 1000 + i));
  // A clock that jumped back: the oldest one is the newest to come.
  commit(*catalog, remembering("back", 500));
  commit(*catalog, remembering("12", 1012));
  for (const auto& [key, is_kept] : {std::pair{"7", false}, std::pair{"8", true},
                                     std::pair{"back", false}, std::pair{"12", true}}) {
    EXPECT_EQ(catalog->recall(key, at_second(1012)).value().has_value(), is_kept) << key;
  }
  catalog.reset();
  EXPECT_EQ(stored_answers(path), 5U);
}

}  // namespace
}  // namespace tallygate::store
