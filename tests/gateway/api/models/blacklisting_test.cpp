#include "gateway/api/models/blacklisting.h"

#include <gtest/gtest.h>

namespace tallygate::api {
namespace {

constexpr WallTime kAt{std::chrono::microseconds{1'795'248'000'000'250}};

store::Document stored(std::string body) {
  store::Document document;
  document.kind = kBlacklistingKind;
  document.id = "one";
  document.body = std::move(body);
  return document;
}

TEST(Blacklisting, ComesBackAsItWasWritten) {
  Blacklisting by_itself;
  by_itself.target = "one";
  by_itself.until = kAt + std::chrono::hours{2};
  by_itself.reason = "4 failures in a row, the last: upstream_status (status 503)";
  by_itself.by = kByItself;
  by_itself.failures_in_row = 4;
  by_itself.evidence = BlacklistingEvidence{"upstream_status", 503, "id", kAt};
  Blacklisting by_hand;
  by_hand.target = "one";
  by_hand.until = kAt;
  by_hand.by = "ann";
  by_hand.by_hand = true;
  Blacklisting no_status = by_itself;
  no_status.evidence->status = 0;
  for (const Blacklisting& told : {by_itself, by_hand, no_status}) {
    const auto read = blacklisting_of(stored(render_blacklisting(told)));
    ASSERT_TRUE(read) << render_blacklisting(told);
    EXPECT_EQ(*read, told) << render_blacklisting(told);
  }
}

TEST(Blacklisting, TakesOneThatDoesNotSayForOneByHand) {
  const auto read = blacklisting_of(
      stored(R"({"target":"one","until":"2026-11-21T08:10:00Z","reason":"dear","by":"ann"})"));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->by_hand);
  EXPECT_EQ(read->reason, "dear");
  EXPECT_EQ(read->failures_in_row, 0U);
  EXPECT_EQ(read->evidence, std::nullopt);
}

TEST(Blacklisting, BoundsForeignNumbers) {
  const auto read = blacklisting_of(stored(
      R"({"until":"2026-11-21T08:10:00Z","failures_in_row":-3,"evidence":{"status":99999999}})"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->failures_in_row, 0U);
  EXPECT_EQ(read->evidence->status, UINT16_MAX);
}

TEST(Blacklisting, SaysWhichDocumentCannotBeRead) {
  for (const char* body : {"", "[]", "{}", R"({"until":5})", R"({"until":"soon"})", "{"}) {
    const auto read = blacklisting_of(stored(body));
    ASSERT_FALSE(read) << body;
    EXPECT_EQ(read.error().code, Errc::storage_corrupt);
    EXPECT_NE(read.error().message.find("`one`"), std::string::npos);
  }
}

}  // namespace
}  // namespace tallygate::api
