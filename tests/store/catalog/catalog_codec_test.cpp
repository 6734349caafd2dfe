#include "store/catalog/catalog_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "store/catalog/catalog_keys.h"

namespace tallygate::store {
namespace {

const StoredDocument kDocument{
    .revision = 7,
    .created = WallTime{std::chrono::microseconds{-5}},
    .updated = WallTime{std::chrono::microseconds{1'700'000'000'000'001}},
    .body = std::string("{\"a\":\0}", 7),
    .index_keys = {"k=1", ""},
    .unique_keys = {"default=x"}};

TEST(CatalogCodec, ReadsWhatItWrote) {
  EXPECT_EQ(decode_document(encode_document(kDocument)).value(), kDocument);
  EXPECT_EQ(decode_document(encode_document({})).value(), StoredDocument{});

  const AuditEntry entry{.at = kDocument.updated,
                         .actor = "ann",
                         .action = "create",
                         .kind = "thing",
                         .id = "a",
                         .before = "1",
                         .after = "2"};
  const auto read = decode_audit_entry(encode_audit_entry(entry)).value();
  EXPECT_EQ(read.at, entry.at);
  EXPECT_EQ(read.actor + read.action + read.kind + read.id + read.before + read.after,
            "anncreatethinga12");

  const auto answer = decode_answer(encode_answer({.key = "not kept",
                                                   .request_hash = "hash",
                                                   .status = 201,
                                                   .body = "{}",
                                                   .at = kDocument.updated}))
                          .value();
  EXPECT_EQ(answer.request_hash, "hash");
  EXPECT_EQ(answer.status, 201U);
  EXPECT_EQ(answer.body, "{}");
  EXPECT_EQ(answer.at, kDocument.updated);
}

TEST(CatalogCodec, RefusesEveryPrefixAndWhatIsTooLong) {
  const std::string whole = encode_document(kDocument);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto read = decode_document(std::string_view(whole).substr(0, size));
    ASSERT_FALSE(read.has_value()) << size;
    EXPECT_EQ(read.error().code, Errc::storage_corrupt);
  }
  EXPECT_FALSE(decode_document(whole + "x").has_value());
  EXPECT_FALSE(decode_audit_entry(whole).has_value());
}

TEST(CatalogCodec, NeverReadsBeyondDamagedBytes) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 dice(seed);
  const std::string whole = encode_document(kDocument);
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = whole;
    for (int flips = 0; flips < 3; ++flips) {
      damaged[dice() % damaged.size()] = static_cast<char>(dice());
    }
    if (!decode_document(damaged)) ++refused;
    decode_audit_entry(damaged).has_value();
    decode_answer(damaged).has_value();
  }
  EXPECT_GT(refused, 100);
}

TEST(CatalogKeys, NeverLetOneTextImitateAnother) {
  EXPECT_NE(index_prefix("a", "bc"), index_prefix("ab", "c"));
  EXPECT_NE(history_prefix("a", ""), kind_prefix("a"));
  EXPECT_LT(time_prefix(WallTime{std::chrono::seconds{-1}}),
            time_prefix(WallTime{std::chrono::seconds{1}}));
  EXPECT_LT(time_prefix(WallTime{std::chrono::seconds{255}}),
            time_prefix(WallTime{std::chrono::seconds{256}}));
}

TEST(CatalogKeys, EndAfterAllThatBeginWithAPrefix) {
  EXPECT_EQ(end_of("ab"), "ac");
  EXPECT_EQ(end_of("a\xFF"), "b");
  EXPECT_EQ(end_of("\xFF\xFF"), "");
  EXPECT_EQ(end_of(""), "");
}

}  // namespace
}  // namespace tallygate::store
