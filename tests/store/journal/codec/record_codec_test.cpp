#include "store/journal/codec/record_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/records.h"

namespace tallygate::store {
namespace {

using router::Record;
using testing::RandomRecords;

std::string encoded(const Record& record) {
  std::string bytes;
  encode_record(record, bytes);
  return bytes;
}

std::string bytes_of(const router::Attempt& a) {
  return std::to_string(a.target) + " " + std::to_string(a.status) + " " +
         std::to_string(static_cast<int>(a.cause)) + " " + std::to_string(a.failed) + " " +
         std::to_string(a.start_ms) + " " + std::to_string(a.duration_ms) + " " +
         std::to_string(a.route) + " " + std::to_string(a.version);
}

/// Compares each field by hand, so that a field forgotten by the codec is seen.
void expect_same(const Record& a, const Record& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.started, b.started);
  EXPECT_EQ(a.route, b.route);
  EXPECT_EQ(a.assigned_version, b.assigned_version);
  EXPECT_EQ(a.served_version, b.served_version);
  EXPECT_EQ(a.experiment, b.experiment);
  EXPECT_EQ(a.target, b.target);
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.slot, b.slot);
  EXPECT_EQ(a.variant, b.variant);
  EXPECT_EQ(a.conversation, b.conversation);
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.error, b.error);
  EXPECT_EQ(a.phase, b.phase);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.attempt_count, b.attempt_count);
  EXPECT_EQ(a.streamed, b.streamed);
  EXPECT_EQ(a.unacknowledged, b.unacknowledged);
  EXPECT_EQ(a.mirrored, b.mirrored);
  EXPECT_EQ(a.exceeded, b.exceeded);
  EXPECT_EQ(a.latency_us, b.latency_us);
  EXPECT_EQ(a.first_token_us, b.first_token_us);
  EXPECT_EQ(a.overhead_us, b.overhead_us);
  EXPECT_EQ(a.input_tokens, b.input_tokens);
  EXPECT_EQ(a.output_tokens, b.output_tokens);
  EXPECT_EQ(a.cached_tokens, b.cached_tokens);
  EXPECT_EQ(a.event_count, b.event_count);
  EXPECT_EQ(a.unit_hash, b.unit_hash);
  EXPECT_EQ(a.request_bytes, b.request_bytes);
  EXPECT_EQ(a.response_bytes, b.response_bytes);
  EXPECT_EQ(a.cost_nano_usd, b.cost_nano_usd);
  ASSERT_EQ(a.attempts.size(), b.attempts.size());
  for (std::size_t i = 0; i < a.attempts.size(); ++i) {
    EXPECT_EQ(bytes_of(a.attempts[i]), bytes_of(b.attempts[i]));
  }
  EXPECT_EQ(a.tags, b.tags);
  EXPECT_EQ(a.response_id, b.response_id);
  EXPECT_EQ(a.mirror_of, b.mirror_of);
}

TEST(RecordCodec, GivesBackEveryFieldOfRandomRecords) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomRecords random(seed);
  for (int i = 0; i < 2000; ++i) {
    const Record record = random.next();
    const auto decoded = decode_record(record.id, encoded(record));
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    expect_same(record, *decoded);
    if (HasFailure()) return;
  }
}

TEST(RecordCodec, SpendsNoByteOnAnAbsentTail) { EXPECT_EQ(encoded(Record{}).size(), 104U); }

TEST(RecordCodec, ReadsRecordsOfVersionOneWithDefaults) {
  Record record;
  record.streamed = true;
  record.tags = "team=a";
  std::string bytes = encoded(record);
  bytes[0] = 1;
  bytes[1] = '\xFF';  // no flag beyond the first two had a meaning then
  const auto decoded = decode_record(record.id, bytes);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  record.unacknowledged = true;
  expect_same(record, *decoded);
}

TEST(RecordCodec, ReadsAttemptsWithoutAPlaceOfOlderGates) {
  std::string bytes = encoded(Record{});
  bytes += std::string("\x01\x10\x00", 3);              // tag 1, 16 bytes
  bytes += std::string("\x07\x00\x00\x00\xf7\x01", 6);  // target 7, status 503
  bytes += std::string("\x00\x01", 2);                  // cause, failed
  bytes += std::string("\x05\x00\x00\x00\x09\x00\x00\x00", 8);
  const auto decoded = decode_record(Uuid{}, bytes);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  ASSERT_EQ(decoded->attempts.size(), 1U);
  const router::Attempt& attempt = decoded->attempts[0];
  EXPECT_EQ(attempt.target, 7U);
  EXPECT_EQ(attempt.status, 503);
  EXPECT_TRUE(attempt.failed);
  EXPECT_EQ(attempt.duration_ms, 9U);
  EXPECT_EQ(attempt.route, 0U);
  EXPECT_EQ(attempt.version, 0U);
}

TEST(RecordCodec, RefusesAMirroredIdThatIsNoId) {
  std::string bytes = encoded(Record{});
  bytes += std::string("\x04\x03\x00xyz", 6);
  const auto decoded = decode_record(Uuid{}, bytes);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_NE(decoded.error().message.find("broken tail"), std::string::npos);
}

TEST(RecordCodec, CutsTextsThatNoTailEntryHolds) {
  Record record;
  record.tags = std::string(70'000, 't');
  record.response_id = "r";
  const auto decoded = decode_record(record.id, encoded(record));
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(decoded->tags, std::string(65'535, 't'));
  EXPECT_EQ(decoded->response_id, "r");
}

TEST(RecordCodec, SkipsTailEntriesOfNewerBinaries) {
  Record record;
  record.tags = "team=a";
  std::string bytes = encoded(record);
  bytes += std::string("\xC8\x03\x00xyz", 6);
  record.response_id = "later";
  bytes += encoded(record).substr(104);
  const auto decoded = decode_record(record.id, bytes);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(decoded->tags, "team=a");
  EXPECT_EQ(decoded->response_id, "later");
}

TEST(RecordCodec, RefusesEveryTruncationButThoseBetweenTailEntries) {
  Record record;
  record.attempts.resize(2);
  record.tags = "a=b";
  record.response_id = "chatcmpl-1";
  const std::string bytes = encoded(record);
  const std::size_t attempts_end = 104 + 3 + 2 * 24;
  const std::size_t tags_end = attempts_end + 3 + 3;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const bool whole =
        size == 104 || size == attempts_end || size == tags_end || size == bytes.size();
    const auto decoded = decode_record(record.id, std::string_view(bytes).substr(0, size));
    EXPECT_EQ(decoded.has_value(), whole) << size;
    if (!decoded) {
      EXPECT_EQ(decoded.error().code, Errc::storage_corrupt) << size;
    }
  }
}

TEST(RecordCodec, RefusesValuesOutOfRange) {
  // Offsets of the enumerations in the head: conversation, outcome, error, phase.
  for (const std::size_t offset : {37U, 38U, 39U, 40U}) {
    std::string bytes = encoded(Record{});
    bytes[offset] = '\xFE';
    const auto decoded = decode_record(Uuid{}, bytes);
    ASSERT_FALSE(decoded.has_value()) << offset;
    EXPECT_NE(decoded.error().message.find("out of range"), std::string::npos);
  }
  std::string bytes = encoded(Record{});
  for (const char version : {'\0', '\3'}) {
    bytes[0] = version;
    EXPECT_NE(decode_record(Uuid{}, bytes).error().message.find("reads versions 1 to 2"),
              std::string::npos);
  }
}

TEST(RecordCodec, SurvivesGarbage) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomRecords random(seed);
  std::mt19937_64 dice(seed);
  for (int i = 0; i < 5000; ++i) {
    std::string bytes = encoded(random.next());
    for (int flips = 0; flips < 3; ++flips) {
      bytes[dice() % bytes.size()] = static_cast<char>(dice());
    }
    const auto decoded = decode_record(Uuid{}, bytes);
    if (!decoded) {
      EXPECT_EQ(decoded.error().code, Errc::storage_corrupt);
    }
  }
}

}  // namespace
}  // namespace tallygate::store
