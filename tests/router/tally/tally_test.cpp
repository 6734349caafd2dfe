#include "router/tally/tally.h"

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

Record enrolled_record(std::uint64_t unit_hash) {
  Record record = ok_record();
  record.experiment = 9;
  record.unit_hash = unit_hash;
  return record;
}

TEST(Tally, SplitsTheUsersOfAVariantIntoBuckets) {
  Tally tally;
  Record record = enrolled_record(77);
  tally.fold(record, TallyKey::Kind::variant);
  record.outcome = Outcome::upstream_error;
  record.exceeded = true;
  tally.fold(record, TallyKey::Kind::variant);
  record.outcome = Outcome::client_error;
  record.first_token_us = 0;
  tally.fold(record, TallyKey::Kind::variant);
  UserBucket expected;
  expected.requests = 3;
  expected.successes = 1;
  expected.errors = 1;
  expected.exceeded = 2;
  expected.latency_us_sum = 250'000;
  expected.first_tokens = 2;
  expected.first_token_us_sum = 20'000;
  expected.output_tokens = 18;
  expected.cost_nano_usd = 2100;
  ASSERT_EQ(tally.users.size(), kUserBuckets);
  EXPECT_TRUE(tally.users[user_bucket_of(77, 9)] == expected);
  std::uint64_t requests = 0;
  for (const UserBucket& bucket : tally.users) requests += bucket.requests;
  EXPECT_EQ(requests, 3U);
}

TEST(Tally, HoldsUsersOfVariantsWithAUnitOnly) {
  Tally tally;
  tally.fold(enrolled_record(77));
  EXPECT_TRUE(tally.users.empty());
  tally.fold(enrolled_record(0), TallyKey::Kind::variant);
  EXPECT_TRUE(tally.users.empty());
  tally.fold(enrolled_record(77), TallyKey::Kind::variant);
  EXPECT_EQ(tally.users.size(), kUserBuckets);
}

TEST(Tally, KeepsAbortsBeforeTheLimitApart) {
  Tally tally;
  Record record = enrolled_record(1);
  record.outcome = Outcome::client_abort;
  tally.fold(record, TallyKey::Kind::variant);
  record.exceeded = true;
  tally.fold(record, TallyKey::Kind::variant);
  tally.fold(record, TallyKey::Kind::variant);
  EXPECT_EQ(tally.client_aborts(), 3U);
  EXPECT_EQ(tally.early_aborts, 1U);
  EXPECT_EQ(tally.exceeded, 2U);
}

TEST(Tally, KeepsTheSquaresOfEnrolledRequests) {
  Tally tally;
  Record record = enrolled_record(77);
  tally.fold(record, TallyKey::Kind::variant);
  record.cost_nano_usd = -300;
  record.output_tokens = 2;
  tally.fold(record, TallyKey::Kind::variant);
  tally.fold(enrolled_record(0), TallyKey::Kind::variant);
  EXPECT_EQ(tally.squared, 2U) << "of users only";
  EXPECT_TRUE(tally.first_token_us_square_sum == Uint128{200'000'000});
  EXPECT_TRUE(tally.output_tokens_square_sum == Uint128{40});
  EXPECT_TRUE(tally.cost_nano_usd_square_sum == Uint128{580'000});
}

/// What an older format did not have comes last, so that its bytes are a front part.
std::string older(std::string bytes, char version, std::size_t added) {
  bytes.resize(bytes.size() - added);
  bytes[0] = version;
  return bytes;
}

TEST(Tally, ReadsTheFormatBeforeSquares) {
  Tally tally;
  tally.fold(enrolled_record(77), TallyKey::Kind::variant);
  std::string bytes;
  tally.encode(bytes);
  const std::string old = older(bytes, 2, 3 * sizeof(std::uint64_t) + 3 * sizeof(Uint128));
  std::string_view in = old;
  const auto read = Tally::decode(in);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(in.empty());
  tally.squared = 0;
  tally.first_token_us_square_sum = tally.output_tokens_square_sum =
      tally.cost_nano_usd_square_sum = 0;
  EXPECT_TRUE(*read == tally);
}

TEST(Totals, ReadTheFormatBeforeFailovers) {
  Totals totals;
  totals.fold(ok_record());
  totals.fold_failover();
  std::string bytes;
  totals.encode(bytes);
  const std::string old = older(bytes, 1, sizeof(std::uint64_t));
  std::string_view in = old;
  const auto read = Totals::decode(in);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(in.empty());
  totals.failovers = 0;
  EXPECT_TRUE(*read == totals);
}

TEST(Tally, SpreadsUnitsEvenlyAndDifferentlyForEachExperiment) {
  std::array<int, kUserBuckets> counts{};
  int same = 0;
  for (std::uint64_t unit = 1; unit <= 64'000; ++unit) {
    ++counts[user_bucket_of(unit, 1)];
    same += user_bucket_of(unit, 1) == user_bucket_of(unit, 2) ? 1 : 0;
  }
  // 1000 each is expected with a deviation of 31.4; by chance 1000 share a bucket.
  for (const int count : counts) EXPECT_NEAR(count, 1000, 160);
  EXPECT_NEAR(same, 1000, 160);
}

TEST(Tally, SumsUpToTheSameTotalsAsItsRecords) {
  Tally tally;
  Totals totals;
  for (int i = 0; i < kOutcomeCount; ++i) {
    Record record = ok_record();
    record.outcome = static_cast<Outcome>(i);
    record.streamed = i % 2 == 0;
    record.first_token_us = i % 3 == 0 ? 0 : 50;
    record.cost_nano_usd = i - 4;
    tally.fold(record);
    totals.fold(record);
  }
  EXPECT_TRUE(tally.totals() == totals);
  EXPECT_EQ(totals.requests, 8U);
  EXPECT_EQ(totals.successes, 1U);
  EXPECT_EQ(totals.failures, 4U);
  EXPECT_EQ(totals.latency_us_sum, 250'000U);
  EXPECT_EQ(totals.first_tokens, 5U);
}

TEST(TallyKeys, CountAShadowCopyApartAndNeverForItsVariant) {
  Record record = enrolled_record(5);
  record.mirrored = true;
  const TallyKeys keys = keys_of(record);
  ASSERT_EQ(keys.count, 1);
  TallyKey expected;
  expected.kind = TallyKey::Kind::mirror;
  expected.route = 1;
  expected.version = 3;
  expected.target = 4;
  EXPECT_TRUE(keys.keys[0] == expected);
}

TEST(TallyFilter, TakesWhatHasAllThatIsGiven) {
  TallyKey key;
  key.kind = TallyKey::Kind::variant;
  key.route = 1;
  key.version = 2;
  key.experiment = 3;
  key.epoch = 0;
  key.variant = 0;
  const auto check = [&](const TallyFilter& filter, bool expected) {
    EXPECT_EQ(filter.matches(key), expected);
  };
  TallyFilter all;
  check(all, true);
  all = {.kind = key.kind,
         .route = 1,
         .version = 2,
         .target = 0,
         .experiment = 3,
         .epoch = 0,
         .variant = 0};
  check(all, true);
  TallyFilter other = all;
  other.kind = TallyKey::Kind::performance;
  check(other, false);
  for (auto field : {&TallyFilter::route, &TallyFilter::version, &TallyFilter::target,
                     &TallyFilter::experiment}) {
    other = all;
    other.*field = 9;
    check(other, false);
  }
  other = all;
  other.epoch = 1;
  check(other, false);
  other = all;
  other.variant = 1;
  check(other, false);
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

Attempt failed_attempt(NameId target, Errc cause, std::uint16_t status, NameId route = 0,
                       NameId version = 0) {
  Attempt attempt;
  attempt.target = target;
  attempt.cause = cause;
  attempt.status = status;
  attempt.failed = true;
  attempt.route = route;
  attempt.version = version;
  return attempt;
}

TEST(TallyKeys, CountAFallbacksAnswerForItsOwnRoute) {
  Record record = ok_record();
  record.attempts = {failed_attempt(8, Errc::upstream_connect_error, 0, 1, 2), Attempt{}};
  record.attempts[1].target = record.target;
  record.attempts[1].route = 6;
  EXPECT_EQ(keys_of(record).keys[0].route, 6U);
  record.attempts[1].route = 0;  // written by an older gate
  EXPECT_EQ(keys_of(record).keys[0].route, 1U);
  record.attempts[1] = failed_attempt(8, Errc::upstream_connect_error, 0, 6, 2);
  EXPECT_EQ(keys_of(record).keys[0].route, 1U) << "not the target that the record counts for";
}

TEST(TallyKeys, CountAFailedAttemptAgainstItsTarget) {
  Record record = ok_record();
  record.conversation = Conversation::embedding;
  record.attempts = {failed_attempt(8, Errc::upstream_connect_error, 0, 5, 7),
                     failed_attempt(9, Errc::upstream_connect_error, 0),
                     failed_attempt(9, Errc::client_abort, 0, 5, 7),
                     failed_attempt(4, Errc::upstream_connect_error, 0, 5, 7)};
  TallyKey expected;
  expected.route = 5;
  expected.version = 7;
  expected.target = 8;
  expected.conversation = Conversation::embedding;
  EXPECT_TRUE(failover_key(record, 0) == expected);
  ASSERT_TRUE(failover_key(record, 1));
  EXPECT_EQ(failover_key(record, 1)->route, 1U) << "an older gate's: the request's route";
  EXPECT_FALSE(failover_key(record, 2)) << "the client's doing";
  EXPECT_FALSE(failover_key(record, 3)) << "the last one is the request's own outcome";
  record.attempts.clear();
  EXPECT_FALSE(failover_key(record, 0));
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
