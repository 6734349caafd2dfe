#include "gateway/registry/experiments/ab_test.h"

#include <gtest/gtest.h>

#include "tests/gateway/registry/experiments/ab_test_kit.h"

namespace tallygate::registry {
namespace {

store::Document document_of(const AbTest& test) {
  return {.kind = std::string(kAbTestKind),
          .id = to_string(test.id),
          .revision = 7,
          .created = day(1),
          .updated = day(3),
          .body = to_body(test)};
}

TEST(AbTest, ReadsBackWhatItStores) {
  AbTest test = some_active();
  test.description = "with \"quotes\"";
  test.start_date = day(2);
  test.scheduled = true;
  test.end_date = day(30);
  test.criteria.rollout = {1, 100};
  test.mirror = config::Mirror{"3.0.0", 0.25};
  test.origin = Origin::config;
  test.winner = "b";
  test.promoted = true;
  test.gave_way = true;
  test.end_reason = "why";
  test.score_a = 0.25;
  test.stage = 1;
  test.coverage = 0.5;
  const auto read = ab_test_of(document_of(test));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_body(*read), to_body(test));
  EXPECT_EQ(read->id, test.id);
  EXPECT_EQ(read->revision, 7U);
  EXPECT_EQ(read->created, day(1));
  EXPECT_EQ(read->updated, day(3));
  EXPECT_EQ(*read->table, *test.table);
  EXPECT_EQ(*read->home, *test.home);
  EXPECT_TRUE(same_arms(read->arms, test.arms));
  ASSERT_EQ(read->epochs.size(), 1U);
  EXPECT_EQ(read->epochs[0].since, day(2));
  EXPECT_EQ(read->score_b, std::nullopt);
}

TEST(AbTest, SaysWhichStoredOneIsCorrupt) {
  const auto check = [](store::Document document) {
    const auto read = ab_test_of(document);
    ASSERT_TRUE(read.has_error());
    EXPECT_EQ(read.error().code, Errc::storage_corrupt);
    EXPECT_NE(read.error().message.find(document.id), std::string::npos);
  };
  store::Document document = document_of(some_active());
  const std::string sound = document.body;
  for (const std::string& body :
       {std::string(), std::string("[]"), std::string("{}"), sound.substr(0, sound.size() / 2)}) {
    document.body = body;
    check(document);
  }
  document.body = sound;
  document.body.replace(document.body.find("\"active\""), 8, "\"asleep\"");
  check(document);
  document = document_of(some_active());
  document.id = "no uuid";
  check(document);
}

TEST(AbTest, IsRecordedUnderItsIdOrTheNameInTheFile) {
  AbTest test = some_draft();
  EXPECT_EQ(record_name(test), to_string(test.id));
  test.origin = Origin::config;
  EXPECT_EQ(record_name(test), "shorter prompt");
}

}  // namespace
}  // namespace tallygate::registry
