#include "gateway/access/key_table.h"

#include <gtest/gtest.h>

#include "tests/gateway/access/keys.h"

namespace tallygate::access {
namespace {

constexpr WallTime kNow{std::chrono::seconds{1'795'248'000}};
constexpr std::chrono::hours kHour{1};

std::string found(const KeyTablePtr& table, std::string_view token, WallTime now = kNow) {
  const Key* key = find_key(table.get(), token, now);
  return key == nullptr ? "-" : key->id;
}

TEST(KeyTable, FindsEachOfManyKeysAndNoOther) {
  Keys keys;
  std::vector<std::string> tokens;
  for (int i = 0; i < 200; ++i) tokens.push_back(keys.add(std::to_string(i)));
  const std::string never = make_token(keys.random);
  const KeyTablePtr table = keys.table();
  for (int i = 0; i < 200; ++i) {
    const std::string& token = tokens[static_cast<std::size_t>(i)];
    EXPECT_EQ(found(table, token), "id-" + std::to_string(i));
    std::string wrong = token;
    wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
    EXPECT_EQ(found(table, wrong), "-");
  }
  EXPECT_EQ(found(table, never), "-");
  EXPECT_EQ(found(table, ""), "-");
  EXPECT_EQ(found(nullptr, tokens[0]), "-");
  EXPECT_EQ(found(Keys().table(), tokens[0]), "-");
}

TEST(KeyTable, EndsAKeyWhenItExpires) {
  Keys keys;
  const std::string token = keys.add("a");
  keys.documents[0].expires = kNow;
  const KeyTablePtr table = keys.table();
  EXPECT_EQ(found(table, token, kNow - std::chrono::microseconds{1}), "id-a");
  EXPECT_EQ(found(table, token, kNow), "-");
}

TEST(KeyTable, LetsBothKeysInWhileOneIsRotated) {
  Keys keys;
  const std::string before = keys.add("a");
  const std::string after = make_token(keys.random);
  registry::ClientKey& key = keys.documents[0];
  key.previous = key.secret;
  key.previous_until = kNow + kHour;
  key.secret = keys.book.hasher.secret_of(after);
  const KeyTablePtr table = keys.table();
  EXPECT_EQ(found(table, before), "id-a");
  EXPECT_EQ(found(table, after), "id-a");
  EXPECT_EQ(found(table, before, kNow + kHour), "-");
  EXPECT_EQ(found(table, after, kNow + kHour), "id-a");
  key.expires = kNow;
  EXPECT_EQ(found(keys.table(), before), "-") << "it does not outlive the key";
}

TEST(KeyTable, TellsWhatAKeyAllows) {
  Keys keys;
  const std::string all = keys.add("all");
  const std::string some = keys.add("some");
  keys.documents[1].routes = {"beta", "alpha"};
  const std::string pools = keys.add("pools");
  keys.documents[2].routes = {"auto"};
  const KeyTablePtr table = keys.table();
  const auto allowed = [&](const std::string& token) {
    const Key* key = find_key(table.get(), token, kNow);
    std::string text;
    for (const char* route : {"alpha", "beta", "gamma"}) {
      if (key->may_use(keys.names.intern(route))) text.append(route).append(" ");
    }
    return text + (key->auto_pools ? "auto" : "");
  };
  EXPECT_EQ(allowed(all), "alpha beta gamma auto");
  EXPECT_EQ(allowed(some), "alpha beta ");
  EXPECT_EQ(allowed(pools), "auto");
}

TEST(KeyTable, CountsKeysThatNeedAnotherPepper) {
  Keys keys;
  const std::string mine = keys.add("mine");
  const std::string theirs = keys.add("theirs");
  keys.documents[1].secret = KeyHasher(Pepper{7}).secret_of(theirs);
  const KeyTablePtr table = keys.table();
  EXPECT_EQ(table->unusable(), 1U);
  EXPECT_EQ(found(table, mine), "id-mine");
  EXPECT_EQ(found(table, theirs), "-");
}

TEST(KeyTable, KeepsWhatAKeyHasUsedOverItsChanges) {
  Keys keys;
  const std::string token = keys.add("a");
  KeyTablePtr table = keys.table();
  KeyUse* const use = find_key(table.get(), token, kNow)->use.get();
  use->under_way = 3;
  keys.documents[0].concurrency = 5;
  table = keys.table();
  EXPECT_EQ(find_key(table.get(), token, kNow)->use.get(), use);
  keys.documents.clear();
  table = keys.table();
  static_cast<void>(keys.add("a"));
  keys.book.uses.forget_unused();
  EXPECT_EQ(keys.table()->find(token), nullptr);
}

}  // namespace
}  // namespace tallygate::access
