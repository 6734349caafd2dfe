// Grouping, codecs and hostile bytes: for Sketch, Tally and TallyKey alike.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

#include "router/tally/tally.h"

namespace tallygate::router {
namespace {

using Dice = std::mt19937_64;

Record random_record(Dice& dice) {
  const auto random32 = [&] { return static_cast<std::uint32_t>(dice() >> (32 + dice() % 32)); };
  Record record;
  record.outcome = static_cast<Outcome>(dice() % 3 == 0 ? dice() % kOutcomeCount : 0);
  record.attempt_count = static_cast<std::uint8_t>(dice() % 4);
  record.streamed = dice() % 2 == 0;
  record.latency_us = random32();
  record.first_token_us = dice() % 2 == 0 ? random32() : 0;
  record.input_tokens = random32();
  record.output_tokens = random32();
  record.cached_tokens = random32();
  record.cost_nano_usd = static_cast<std::int64_t>(dice()) >> (dice() % 64);
  record.experiment = 7;
  record.unit_hash = dice() % 100;
  record.exceeded = dice() % 4 == 0;
  return record;
}

TallyKey::Kind random_kind(Dice& dice) {
  return dice() % 2 == 0 ? TallyKey::Kind::performance : TallyKey::Kind::variant;
}

Tally random_tally(Dice& dice, std::size_t records) {
  Tally tally;
  const auto kind = random_kind(dice);
  for (std::size_t i = 0; i < records; ++i) tally.fold(random_record(dice), kind);
  tally.failovers = dice() % 5;
  tally.started = dice() % 1000;
  return tally;
}

template <class Value>
std::string bytes_of(const Value& value) {
  std::string bytes;
  value.encode(bytes);
  return bytes;
}

Tally merged(Tally into, const Tally& other) {
  into.merge(other);
  return into;
}

TEST(TallyProperty, FoldsToTheSameInAnyGrouping) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    Tally whole;
    std::vector<Tally> parts(1 + dice() % 6);
    const auto kind = random_kind(dice);
    for (int i = 0; i < 300; ++i) {
      const Record record = random_record(dice);
      whole.fold(record, kind);
      parts[dice() % parts.size()].fold(record, kind);
    }
    while (parts.size() > 1) {
      const auto from = parts.begin() + static_cast<std::ptrdiff_t>(dice() % parts.size());
      const Tally part = *from;
      parts.erase(from);
      parts[dice() % parts.size()].merge(part);
    }
    EXPECT_TRUE(parts[0] == whole);
    EXPECT_EQ(bytes_of(parts[0]), bytes_of(whole));
  }
}

TEST(TallyProperty, MergesAssociativelyAndCommutativelyWithAnIdentity) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const Tally a = random_tally(dice, dice() % 20);
    const Tally b = random_tally(dice, dice() % 20);
    const Tally c = random_tally(dice, dice() % 3);
    EXPECT_TRUE(merged(merged(a, b), c) == merged(a, merged(b, c)));
    EXPECT_TRUE(merged(a, b) == merged(b, a));
    EXPECT_TRUE(merged(a, {}) == a);
    EXPECT_TRUE(merged({}, a) == a);
  }
}

TEST(TallyProperty, ReturnsFromItsBytesUnchanged) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Dice dice(seed);
    const Tally tally = random_tally(dice, dice() % 100);
    const std::string bytes = bytes_of(tally) + "rest";
    std::string_view in = bytes;
    const auto decoded = Tally::decode(in);
    ASSERT_TRUE(decoded) << "seed " << seed << ": " << decoded.error().message;
    EXPECT_TRUE(*decoded == tally) << "seed " << seed;
    EXPECT_EQ(in, "rest") << "seed " << seed;
  }
}

/// What version 3 added at the end: failovers, squared, started and three sums of squares.
constexpr std::size_t kThirdBytes = 3 * sizeof(std::uint64_t) + 3 * sizeof(Uint128);

TEST(TallyCodec, ReadsVersionOneWithoutWhatVariantsHave) {
  Dice dice(1);
  Tally tally;
  for (int i = 0; i < 20; ++i) tally.fold(random_record(dice));
  std::string bytes = bytes_of(tally);
  bytes[0] = 1;
  bytes.resize(bytes.size() - kThirdBytes -
               3 * sizeof(std::uint64_t));  // exceeded, early_aborts, no users
  std::string_view in = bytes;
  const auto decoded = Tally::decode(in);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_TRUE(*decoded == tally);
  EXPECT_TRUE(in.empty());
}

TEST(TallyCodec, RefusesAnEmptyUserBucket) {
  std::string bytes = bytes_of(Tally{});
  bytes.resize(bytes.size() - kThirdBytes);
  bytes[bytes.size() - 8] = 1;
  bytes.append(9 * sizeof(std::uint64_t), '\0');
  std::string_view in = bytes;
  EXPECT_EQ(Tally::decode(in).error().message, "tally: a user bucket is empty");
}

TEST(TallyCodec, RefusesEveryTornValue) {
  Dice dice(1);
  Tally tally;
  for (int i = 0; i < 5; ++i) tally.fold(random_record(dice), TallyKey::Kind::variant);
  const std::string bytes = bytes_of(tally);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::string_view in(bytes.data(), size);
    const auto decoded = Tally::decode(in);
    ASSERT_FALSE(decoded) << size;
    EXPECT_EQ(decoded.error().code, Errc::storage_corrupt);
    EXPECT_FALSE(decoded.error().message.empty());
  }
}

TEST(TallyCodec, RefusesAnUnknownVersion) {
  std::string bytes = bytes_of(Tally{});
  bytes[0] = 4;
  std::string_view in = bytes;
  EXPECT_EQ(Tally::decode(in).error().message, "tally: written by an unknown version");
}

/// What is taken from arbitrary bytes must survive being used and written again.
void expect_usable(const Tally& tally) {
  const std::string again = bytes_of(tally);
  std::string_view in = again;
  const auto decoded = Tally::decode(in);
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(*decoded == tally);
  Tally twice = tally;
  twice.merge(tally);
  for (const Sketch* sketch : {&twice.latency, &twice.first_token}) {
    const double median = sketch->quantile(0.5);
    EXPECT_GE(median, sketch->min_millis());
    EXPECT_LE(median, sketch->max_millis());
    EXPECT_LE(sketch->count_at_most(median), sketch->count());
  }
}

TEST(TallyCodec, SurvivesFlippedBytes) {
  int accepted = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    std::string bytes = bytes_of(random_tally(dice, 4));
    for (std::size_t flips = 1 + dice() % 3; flips > 0; --flips) {
      bytes[dice() % bytes.size()] = static_cast<char>(dice());
    }
    std::string_view in = bytes;
    if (const auto decoded = Tally::decode(in)) {
      ++accepted;
      expect_usable(*decoded);
    }
  }
  EXPECT_GT(accepted, 0);
}

TEST(TallyCodec, SurvivesArbitraryBytes) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Dice dice(seed);
    std::string bytes(dice() % 400, '\0');
    for (char& byte : bytes) byte = static_cast<char>(dice());
    if (!bytes.empty() && dice() % 2 == 0) bytes[0] = 1;
    std::string_view tally = bytes;
    std::string_view sketch = bytes;
    std::string_view key = bytes;
    EXPECT_FALSE(Tally::decode(tally)) << "seed " << seed;
    EXPECT_FALSE(Sketch::decode(sketch)) << "seed " << seed;
    EXPECT_EQ(decode_tally_key(key).has_value(),
              bytes.size() >= kTallyKeyBytes && bytes[0] >= 1 && bytes[0] <= 3 &&
                  static_cast<unsigned char>(bytes[13]) < kConversationCount)
        << "seed " << seed;
  }
}

/// A sketch with one value in bucket 40, as bytes that a test can spoil.
struct SketchBytes {
  std::string bytes;

  SketchBytes() {
    Sketch sketch;
    sketch.insert_micros(0);
    sketch.insert_micros(1'200);
    sketch.insert_micros(1'300);
    sketch.encode(bytes);
  }
  template <class Integer>
  SketchBytes& set(std::size_t at, Integer value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
    return *this;
  }
  std::string message() const {
    std::string_view in = bytes;
    const auto decoded = Sketch::decode(in);
    return decoded ? "" : decoded.error().message;
  }
};

TEST(SketchCodec, SaysWhatIsWrong) {
  constexpr std::size_t kCount = 2, kZeros = 10, kMin = 26, kUsed = 42, kFirst = 44, kSecond = 50;
  EXPECT_EQ(SketchBytes().message(), "");
  EXPECT_EQ(SketchBytes().set(0, '\2').message(), "latency sketch: format or scale is not known");
  EXPECT_EQ(SketchBytes().set(1, '\6').message(), "latency sketch: format or scale is not known");
  EXPECT_EQ(SketchBytes().set(kCount, std::uint64_t{4}).message(),
            "latency sketch: the buckets do not add up to the count");
  EXPECT_EQ(SketchBytes().set(kZeros, std::uint64_t{4}).message(),
            "latency sketch: more zeros than values");
  EXPECT_EQ(SketchBytes().set(kMin, UINT64_MAX).message(),
            "latency sketch: minimum and maximum contradict the count");
  EXPECT_EQ(SketchBytes().set(kUsed, std::uint16_t{738}).message(),
            "latency sketch: more buckets than a sketch has");
  EXPECT_EQ(SketchBytes().set(kUsed, std::uint16_t{3}).message(), "latency sketch: ends early");
  const std::string bad_bucket =
      "latency sketch: a bucket is empty, repeated, out of order or out of range";
  EXPECT_EQ(SketchBytes().set(kFirst, std::uint16_t{737}).message(), bad_bucket);
  EXPECT_EQ(SketchBytes().set(kFirst, std::uint16_t{736}).message(), bad_bucket);
  EXPECT_EQ(SketchBytes().set(kFirst + 2, std::uint32_t{0}).message(), bad_bucket);
  EXPECT_EQ(SketchBytes().set(kSecond, std::uint16_t{0}).message(), bad_bucket);
}

TEST(SketchCodec, KeepsFullBucketsFullInsteadOfWrapping) {
  constexpr std::size_t kCount = 2, kFirst = 44;
  const std::uint64_t count = std::uint64_t{UINT32_MAX} + 2;
  SketchBytes full;
  full.set(kFirst + 2, UINT32_MAX).set(kCount, count);
  std::string_view in = full.bytes;
  const auto decoded = Sketch::decode(in);
  ASSERT_TRUE(decoded) << decoded.error().message;
  Sketch twice = *decoded;
  twice.merge(*decoded);
  EXPECT_EQ(twice.count(), 2 * count);
  const auto buckets = twice.buckets();
  EXPECT_EQ(*std::max_element(buckets.begin(), buckets.end()), UINT32_MAX);
  std::string bytes;
  twice.encode(bytes);
  in = bytes;
  EXPECT_TRUE(Sketch::decode(in));
}

TEST(TallyKeyCodec, IsFixedInSizeAndLosesNothing) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Dice dice(seed);
    TallyKey key;
    key.kind = static_cast<TallyKey::Kind>(1 + dice() % 3);
    key.route = static_cast<NameId>(dice());
    key.version = static_cast<NameId>(dice());
    key.target = static_cast<NameId>(dice());
    key.conversation = static_cast<Conversation>(dice() % kConversationCount);
    key.experiment = static_cast<NameId>(dice());
    key.epoch = static_cast<std::uint32_t>(dice());
    key.variant = static_cast<std::uint8_t>(dice());
    std::string bytes;
    encode(key, bytes);
    ASSERT_EQ(bytes.size(), kTallyKeyBytes);
    std::string_view in = bytes;
    const auto decoded = decode_tally_key(in);
    ASSERT_TRUE(decoded) << "seed " << seed;
    EXPECT_TRUE(*decoded == key) << "seed " << seed;
    EXPECT_TRUE(in.empty());
  }
}

TEST(TallyKeyCodec, WritesLittleEndian) {
  TallyKey key;
  key.route = 0x01020304;
  std::string bytes;
  encode(key, bytes);
  EXPECT_EQ(bytes.substr(0, 5), std::string("\x01\x04\x03\x02\x01"));
}

}  // namespace
}  // namespace tallygate::router
