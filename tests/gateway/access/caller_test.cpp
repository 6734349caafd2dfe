#include "gateway/access/caller.h"

#include <gtest/gtest.h>

#include "tests/gateway/access/keys.h"

namespace tallygate::access {
namespace {

constexpr Moment kNow{SteadyTime{std::chrono::hours{1000}},
                      WallTime{std::chrono::seconds{1'795'248'000}}};

http::RequestHead head_of(std::string_view authorization, std::string_view x_api_key = {}) {
  http::RequestHead head;
  head.authorization = authorization;
  head.x_api_key = x_api_key;
  return head;
}

/// One key "a", and how a connection fares with it.
struct Door {
  Keys keys;
  std::string token = keys.add("a");
  std::string bearer = "Bearer " + token;
  registry::ClientKey& key = keys.documents[0];
  KeyTablePtr table = keys.table();
  Caller caller;

  void change() { table = keys.table(); }
  /// The code of the refusal, or the id of the key, or "nobody".
  std::string enter(Caller& who, const http::RequestHead& head, Terms terms = {},
                    Moment now = kNow) const {
    const auto refusal = who.enter(head, table, terms, now);
    if (refusal) return std::string(traits_of(refusal->code).code);
    return who.key() == nullptr ? "nobody" : who.key()->id;
  }
  std::string enter(const http::RequestHead& head, Terms terms = {}, Moment now = kNow) {
    return enter(caller, head, terms, now);
  }
};

constexpr Terms kOpen{};
constexpr Terms kLocked{.need = KeyNeed::where_required, .require_key = true};
constexpr Terms kWrite{.need = KeyNeed::always};
constexpr Terms kProbe{.need = KeyNeed::none, .require_key = true};

TEST(Caller, IsKnownByABearerOrXApiKey) {
  Door door;
  const std::string& bearer = door.bearer;
  const std::string wrong = "tg-" + std::string(43, 'x');
  const auto check = [&](const http::RequestHead& head, Terms terms, const std::string& expected) {
    EXPECT_EQ(door.enter(head, terms), expected) << head.authorization << " " << head.x_api_key;
  };
  check(head_of(bearer), kLocked, "id-a");
  check(head_of("bearer   " + door.token), kLocked, "id-a");
  check(head_of("", door.token), kLocked, "id-a");
  check(head_of("Bearer sk-theirs", door.token), kLocked, "id-a");
  check(head_of(bearer, "sk-theirs"), kLocked, "id-a");
  check(head_of(bearer), kOpen, "id-a");
  check(head_of(bearer), kWrite, "id-a");
  for (const std::string& other :
       {std::string(), wrong, "Bearer " + wrong, "Basic " + door.token, "Bearer" + door.token,
        bearer + " ", bearer + "x", std::string("Bearer "), "Bearer " + std::string(8192, 'x'),
        std::string("Bearer \xC3\xA9")}) {
    check(head_of(other), kLocked, "invalid_api_key");
    check(head_of(other), kWrite, "invalid_api_key");
    check(head_of(other), kOpen, "nobody");
    check(head_of(other), kProbe, "nobody");
  }
  door.table = nullptr;
  check(head_of(bearer), kLocked, "invalid_api_key");
  check(head_of(bearer), kOpen, "nobody");
}

TEST(Caller, OfAnAdminListenersKeyIsSentThere) {
  for (const auto role : {registry::KeyRole::viewer, registry::KeyRole::admin}) {
    Door door;
    door.key.role = role;
    door.change();
    for (const Terms terms : {kOpen, kLocked, kWrite}) {
      EXPECT_EQ(door.enter(head_of(door.bearer), terms), "forbidden");
    }
  }
}

TEST(Caller, IsLookedUpAnewWhenKeyOrTableChange) {
  Door door;
  const std::string other = door.keys.add("b");
  door.change();
  EXPECT_EQ(door.enter(head_of(door.bearer)), "id-a");
  EXPECT_EQ(door.enter(head_of("Bearer " + other)), "id-b");
  EXPECT_EQ(door.enter(head_of(door.bearer)), "id-a");
  EXPECT_EQ(door.enter(head_of("")), "nobody");
  EXPECT_EQ(door.enter(head_of(door.bearer)), "id-a");
  door.keys.documents.erase(door.keys.documents.begin());
  door.change();
  EXPECT_EQ(door.enter(head_of(door.bearer), kLocked), "invalid_api_key");
  EXPECT_EQ(door.enter(head_of("Bearer " + other), kLocked), "id-b");
}

TEST(Caller, LosesItsKeyWhenThatExpiresBetweenTwoRequests) {
  Door door;
  door.key.expires = kNow.wall + std::chrono::seconds{10};
  door.change();
  const auto head = head_of(door.bearer);
  Moment later = kNow;
  EXPECT_EQ(door.enter(head, kLocked, later), "id-a");
  later.wall += std::chrono::seconds{10};
  EXPECT_EQ(door.enter(head, kLocked, later), "invalid_api_key");
}

TEST(Caller, HasSoManyRequestsUnderWayOverAllConnections) {
  Door door;
  door.key.concurrency = 2;
  door.change();
  const auto head = head_of(door.bearer);
  Caller second;
  EXPECT_EQ(door.enter(head), "id-a");
  EXPECT_EQ(door.enter(second, head), "id-a");
  {
    Caller third;
    EXPECT_EQ(door.enter(third, head), "rate_limited");
    EXPECT_EQ(third.retry_after(), std::chrono::seconds{1});
    door.caller.leave();
    EXPECT_EQ(door.enter(third, head), "id-a");
  }
  EXPECT_EQ(door.enter(head), "id-a") << "a connection that ends gives its place back";
  EXPECT_EQ(door.enter(head), "id-a") << "as does the next request of the same connection";
  EXPECT_EQ(door.table->find(door.token)->key->use->under_way.load(), 2U);
}

TEST(Caller, MayMakeSoManyRequestsAMinuteAndIsToldSo) {
  Door door;
  door.key.requests_per_minute = 2;
  door.change();
  const auto head = head_of(door.bearer);
  const auto fields = [&] {
    std::string block;
    door.caller.append_rate_fields(kNow.wall, block);
    return block;
  };
  EXPECT_EQ(fields(), "");
  EXPECT_EQ(door.enter(head), "id-a");
  EXPECT_EQ(fields(),
            "x-ratelimit-limit-requests: 2\r\nx-ratelimit-remaining-requests: 1\r\n"
            "x-ratelimit-reset-requests: 30s\r\n");
  Caller other;
  EXPECT_EQ(door.enter(other, head), "id-a");
  EXPECT_EQ(door.enter(head), "rate_limited");
  EXPECT_EQ(door.caller.retry_after(), std::chrono::seconds{30});
  EXPECT_NE(fields().find("remaining-requests: 0\r\n"), std::string::npos) << fields();
  door.caller.leave();
  EXPECT_EQ(fields(), "");
  Moment later = kNow;
  later.steady += std::chrono::seconds{30};
  EXPECT_EQ(door.enter(head, {}, later), "id-a");
}

TEST(Caller, PaysForTokensAfterwards) {
  Door door;
  door.key.tokens_per_minute = 1000;
  door.change();
  const auto head = head_of(door.bearer);
  EXPECT_EQ(door.enter(head), "id-a");
  door.caller.charge_tokens(1500, kNow.steady);
  EXPECT_EQ(door.enter(head), "rate_limited");
  EXPECT_GT(door.caller.retry_after(), std::chrono::seconds{30});
  std::string block;
  door.caller.append_rate_fields(kNow.wall, block);
  EXPECT_NE(block.find("x-ratelimit-remaining-tokens: 0\r\n"), std::string::npos) << block;
  EXPECT_NE(block.find("x-ratelimit-reset-tokens: 1m30s\r\n"), std::string::npos) << block;
}

TEST(Caller, RefusedForOneLimitUsesNothingOfTheOthers) {
  Door door;
  door.key.concurrency = 1;
  door.key.requests_per_minute = 2;
  door.change();
  const auto head = head_of(door.bearer);
  EXPECT_EQ(door.enter(head), "id-a");
  Caller second;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(door.enter(second, head), "rate_limited");
  door.caller.leave();
  EXPECT_EQ(door.enter(second, head), "id-a");
  second.leave();
  EXPECT_EQ(door.enter(second, head), "rate_limited");
  EXPECT_EQ(door.table->find(door.token)->key->use->under_way.load(), 1U);
  second.leave();
  EXPECT_EQ(door.table->find(door.token)->key->use->under_way.load(), 0U);
}

TEST(Caller, MayUseTheRoutesOfItsKey) {
  Door door;
  const router::NameId mine = door.keys.names.intern("mine");
  const router::NameId theirs = door.keys.names.intern("theirs");
  door.key.routes = {"mine"};
  door.change();
  EXPECT_FALSE(door.caller.refusal_of_route(theirs, "theirs", false)) << "nobody that we know";
  ASSERT_EQ(door.enter(head_of(door.bearer)), "id-a");
  EXPECT_FALSE(door.caller.refusal_of_route(mine, "mine", false));
  const auto refusal = door.caller.refusal_of_route(theirs, "theirs", false);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->code, Errc::forbidden);
  EXPECT_NE(refusal->message.find("theirs"), std::string::npos);
  EXPECT_TRUE(door.caller.refusal_of_route(mine, "auto", true)) << "the pool is not in its list";
  EXPECT_EQ(door.caller.unit(), "id-a");
}

}  // namespace
}  // namespace tallygate::access
