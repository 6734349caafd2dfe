#include "router/tally.h"

#include <gtest/gtest.h>

#include <set>

namespace tallygate::router {
namespace {

Record ok_record() {
  Record record;
  record.route = 1;
  record.assigned_version = 2;
  record.served_version = 3;
  record.target = 4;
  record.attempt_count = 2;
  record.streamed = true;
  record.latency_us = 250'000;
  record.first_token_us = 10'000;
  record.input_tokens = 5;
  record.output_tokens = 6;
  record.cached_tokens = 3;
  record.cost_nano_usd = 700;
  return record;
}

TEST(Tally, AddsUpARecord) {
  Tally tally;
  tally.fold(ok_record());
  tally.fold(ok_record());
  EXPECT_EQ(tally.requests(), 2U);
  EXPECT_EQ(tally.successes(), 2U);
  EXPECT_EQ(tally.failures(), 0U);
  EXPECT_EQ(tally.attempts, 4U);
  EXPECT_EQ(tally.streamed, 2U);
  EXPECT_EQ(tally.input_tokens, 10U);
  EXPECT_EQ(tally.output_tokens, 12U);
  EXPECT_EQ(tally.cached_tokens, 6U);
  EXPECT_EQ(tally.cost_nano_usd, 1400);
  EXPECT_EQ(tally.latency_us_sum, 500'000U);
  EXPECT_TRUE(tally.latency_us_square_sum == Uint128{125'000'000'000});
  EXPECT_EQ(tally.latency.count(), 2U);
  EXPECT_EQ(tally.first_token.count(), 2U);
}

TEST(Tally, CountsEveryOutcomeAndBlamesTheRightOnes) {
  const std::set<Outcome> failures{Outcome::upstream_error, Outcome::upstream_truncated,
                                   Outcome::upstream_stream_error, Outcome::gateway_error};
  for (int i = 0; i < kOutcomeCount; ++i) {
    Record record = ok_record();
    record.outcome = static_cast<Outcome>(i);
    Tally tally;
    tally.fold(record);
    EXPECT_EQ(tally.outcomes[static_cast<std::size_t>(i)], 1U);
    EXPECT_EQ(tally.requests(), 1U);
    EXPECT_EQ(tally.failures(), failures.contains(record.outcome) ? 1U : 0U)
        << to_string(record.outcome);
  }
}

TEST(Tally, MeasuresLatencyOfWholeAnswersOnlyAndFirstTokensOfAll) {
  Record record = ok_record();
  record.outcome = Outcome::upstream_truncated;
  Tally tally;
  tally.fold(record);
  EXPECT_EQ(tally.latency.count(), 0U);
  EXPECT_EQ(tally.latency_us_sum, 0U);
  EXPECT_EQ(tally.first_token.count(), 1U);
  EXPECT_EQ(tally.output_tokens, 6U);
  record.first_token_us = 0;
  tally.fold(record);
  EXPECT_EQ(tally.first_token.count(), 1U);
}

TEST(Tally, SquaresTheLongestLatencyExactly) {
  Record record = ok_record();
  record.latency_us = UINT32_MAX;
  Tally tally;
  for (int i = 0; i < 3; ++i) tally.fold(record);
  EXPECT_TRUE(tally.latency_us_square_sum == Uint128{UINT32_MAX} * UINT32_MAX * 3);
}

TEST(TallyKeys, CountAnEnrolledRecordTwice) {
  Record record = ok_record();
  record.conversation = Conversation::embedding;
  record.experiment = 9;
  record.epoch = 7;
  record.variant = 1;
  const TallyKeys keys = keys_of(record);
  ASSERT_EQ(keys.count, 2);
  TallyKey performance;
  performance.route = 1;
  performance.version = 3;
  performance.target = 4;
  performance.conversation = Conversation::embedding;
  EXPECT_TRUE(keys.keys[0] == performance);
  TallyKey variant;
  variant.kind = TallyKey::Kind::variant;
  variant.route = 1;
  variant.version = 2;
  variant.experiment = 9;
  variant.epoch = 7;
  variant.variant = 1;
  EXPECT_TRUE(keys.keys[1] == variant);
}

TEST(TallyKeys, CountOthersOnceAndAsServed) {
  Record record = ok_record();
  record.epoch = 7;
  record.variant = 1;
  EXPECT_EQ(keys_of(record).count, 1);
  record.served_version = 0;
  EXPECT_EQ(keys_of(record).keys[0].version, 0U);
}

TEST(TallyKeys, HashToDifferentNumbersForEveryField) {
  std::set<std::uint64_t> hashes{hash_of({})};
  const auto add = [&](auto TallyKey::*field, auto value) {
    TallyKey key;
    key.*field = value;
    EXPECT_TRUE(hashes.insert(hash_of(key)).second);
    EXPECT_EQ(hash_of(key), hash_of(TallyKey(key)));
  };
  add(&TallyKey::kind, TallyKey::Kind::variant);
  add(&TallyKey::route, NameId{1});
  add(&TallyKey::version, NameId{1});
  add(&TallyKey::target, NameId{1});
  add(&TallyKey::conversation, Conversation::rerank);
  add(&TallyKey::experiment, NameId{1});
  add(&TallyKey::epoch, std::uint32_t{1});
  add(&TallyKey::variant, std::uint8_t{1});
}

}  // namespace
}  // namespace tallygate::router
