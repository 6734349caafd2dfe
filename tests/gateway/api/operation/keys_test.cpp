#include "gateway/api/operation/keys.h"

#include <gtest/gtest.h>

#include "gateway/api/operation/key_fields.h"
#include "tests/gateway/access/keys.h"
#include "tests/gateway/api/admin_kit.h"

namespace tallygate::api {
namespace {

/// The API over its own keys: what is written is in force at once.
struct KeysKit : AdminKit {
  access::Keys keys;
  access::KeyTablePtr table;
  int keys_published = 0;
  std::string authorization;

  KeysKit() {
    settings.routes["assistant"];
    context.key_hasher = &keys.book.hasher;
    context.make_token = [this] { return access::make_token(keys.random); };
    context.publish_keys = [this] {
      ++keys_published;
      keys.documents.clear();
      for (const auto& document : catalog.all(registry::kClientKeyKind).value()) {
        keys.documents.push_back(registry::client_key_of(document).value());
      }
      table = keys.table();
      context.keys = table.get();
    };
  }

  std::string make(const std::string& name, const std::string& rest = "") {
    const AdminResponse made = post("/api/keys", R"({"name":")" + name + "\"" + rest + "}");
    EXPECT_EQ(made.status, 201U) << made.body;
    id = member_of(made, "id");
    return member_of(made, "key");
  }
  /// The id of the key that `token` opens with.
  std::string opens(const std::string& token) const {
    const access::Key* key = access::find_key(table.get(), token, context.now);
    return key == nullptr ? "-" : key->id;
  }
  AdminResponse ask_as(const std::string& token, http::Method method, std::string_view target,
                       std::string_view body = {}) {
    const std::string bearer = "Bearer " + token;
    http::RequestHead head = head_of(method, target);
    head.authorization = bearer;
    return answer_admin({head, body, "req-1"}, context);
  }
  bool is_known(const std::string& text) {
    for (const auto& entry : catalog.audit({}).value()) {
      if ((entry.before + entry.after).find(text) != std::string::npos) return true;
    }
    return get("/api/audit").body.find(text) != std::string::npos;
  }

  std::string id;  ///< of the key that was made last
};

TEST(Keys, ShowAKeyOnceAndKnowItFromThenOn) {
  KeysKit kit;
  const AdminResponse made =
      kit.post("/api/keys",
               R"({"name":"checkout","routes":["auto","assistant","auto"],"requestsPerMinute":60,
          "tokensPerMinute":1000,"concurrency":4,"expiresAt":"2027-01-01T00:00:00Z"})");
  expect_answer(made, 201, kKeyWithTokenFields);
  const std::string token = member_of(made, "key");
  const std::string id = member_of(made, "id");
  EXPECT_TRUE(access::is_token_form(token)) << token;
  EXPECT_EQ(kit.opens(token), id);
  EXPECT_EQ(kit.keys_published, 1);
  EXPECT_EQ(kit.published, 0) << "routing is as it was";
  EXPECT_EQ(member_of(made, "role"), "application");
  EXPECT_EQ(member_of(made, "routes"), R"(["assistant","auto"])");
  EXPECT_EQ(member_of(made, "lastFour"), token.substr(token.size() - 4));
  EXPECT_EQ(header_of(made, "ETag"), "\"1\"");

  const AdminResponse read = kit.get("/api/keys/" + id);
  expect_answer(read, 200, kKeyFields);
  for (const char* name : {"name", "role", "routes", "requestsPerMinute", "tokensPerMinute",
                           "concurrency", "expiresAt", "lastFour", "isUsable", "revision"}) {
    EXPECT_EQ(member_of(read, name), member_of(made, name)) << name;
  }
  expect_answer(kit.get("/api/keys"), 200, kKeyPageFields);
  EXPECT_FALSE(kit.is_known(token));
  EXPECT_EQ(kit.get("/api/keys").body.find(token), std::string::npos);
  ASSERT_EQ(kit.events.size(), 1U);
  EXPECT_EQ(kit.events[0].first, "key.created");
  EXPECT_EQ(kit.events[0].second.find(token), std::string::npos);
}

TEST(Keys, AuditTellsWhoAndWhatButNoHash) {
  KeysKit kit;
  const std::string token = kit.make("checkout");
  static_cast<void>(kit.post("/api/keys/" + kit.id + "/rotate", R"({"overlap":"1h"})"));
  const std::string entries = kit.get("/api/audit").body;
  EXPECT_NE(entries.find("\"actor\":\"ann\""), std::string::npos) << entries;
  EXPECT_NE(entries.find("checkout"), std::string::npos) << entries;
  EXPECT_EQ(entries.find("hash"), std::string::npos) << entries;
  EXPECT_EQ(entries.find(kit.keys.book.hasher.pepper_id()), std::string::npos) << entries;
}

TEST(Keys, ThatRepeatsARequestIsNotShownTheKeyAgain) {
  KeysKit kit;
  kit.headers = {{"idempotency-key", "one"}};
  const AdminResponse first = kit.post("/api/keys", R"({"name":"a"})");
  const AdminResponse second = kit.post("/api/keys", R"({"name":"a"})");
  expect_answer(second, 201, kKeyWithTokenFields);
  EXPECT_EQ(header_of(second, "Idempotency-Replayed"), "true");
  EXPECT_EQ(member_of(second, "id"), member_of(first, "id"));
  EXPECT_EQ(member_of(second, "key"), "null");
  const auto remembered = kit.catalog.recall(kit.context.actor + "\none", kit.context.now);
  ASSERT_TRUE(remembered.has_value() && remembered->has_value());
  EXPECT_EQ((*remembered)->body.find(member_of(first, "key")), std::string::npos);
}

TEST(Keys, AreChangedWithoutBeingMadeAnew) {
  KeysKit kit;
  const std::string token = kit.make("a", R"(,"requestsPerMinute":5,"concurrency":2)");
  const AdminResponse changed =
      kit.put("/api/keys/" + kit.id, R"({"name":"b","requestsPerMinute":null,"routes":["auto"]})");
  expect_answer(changed, 200, kKeyFields);
  EXPECT_EQ(member_of(changed, "name"), "b");
  EXPECT_EQ(member_of(changed, "requestsPerMinute"), "null");
  EXPECT_EQ(member_of(changed, "concurrency"), "2") << "what is left out stays";
  EXPECT_EQ(kit.opens(token), kit.id);
  kit.headers = {{"if-match", "1"}};
  expect_error(kit.put("/api/keys/" + kit.id, R"({"name":"c"})"), 412, "precondition_failed");
  kit.headers.clear();
  expect_error(kit.put("/api/keys/" + kit.id, R"({"role":"admin"})"), 400, "invalid_parameter");
}

TEST(Keys, AreRotatedWithAnOverlapOrWithout) {
  KeysKit kit;
  const std::string first = kit.make("a");
  const std::string path = "/api/keys/" + kit.id + "/rotate";
  const AdminResponse rotated = kit.post(path, R"({"overlap":"1h"})");
  expect_answer(rotated, 200, kKeyWithTokenFields);
  const std::string second = member_of(rotated, "key");
  EXPECT_NE(first, second);
  EXPECT_EQ(kit.opens(first), kit.id);
  EXPECT_EQ(kit.opens(second), kit.id);
  EXPECT_EQ(member_of(rotated, "previousLastFour"), first.substr(first.size() - 4));
  kit.context.now += std::chrono::hours{1};
  EXPECT_EQ(kit.opens(first), "-");
  EXPECT_EQ(kit.opens(second), kit.id);
  EXPECT_EQ(member_of(kit.get("/api/keys/" + kit.id), "previousUntil"), "null");

  const std::string third = member_of(kit.post(path), "key");
  EXPECT_EQ(kit.opens(second), "-") << "no overlap was asked for";
  EXPECT_EQ(kit.opens(third), kit.id);
  expect_error(kit.post(path, R"({"overlap":"91d"})"), 422, "rule_broken", "90d");
  expect_error(kit.post(path, R"({"overlap":"soon"})"), 400, "invalid_parameter");
}

TEST(Keys, AreOutWhenTheyAreRevoked) {
  KeysKit kit;
  const std::string token = kit.make("a");
  expect_answer(kit.remove("/api/keys/" + kit.id), 200, kKeyFields);
  EXPECT_EQ(kit.opens(token), "-");
  expect_error(kit.get("/api/keys/" + kit.id), 404, "not_found");
  expect_error(kit.remove("/api/keys/" + kit.id), 404, "not_found");
  EXPECT_EQ(kit.events.back().first, "key.revoked");
  static_cast<void>(kit.make("a"));  // the name is free again
}

TEST(Keys, FollowTheRules) {
  KeysKit kit;
  static_cast<void>(kit.make("taken"));
  const auto check = [&](const std::string& body, unsigned status, std::string_view code,
                         std::string_view words = {}) {
    SCOPED_TRACE(body);
    expect_error(kit.post("/api/keys", body), status, code, words);
  };
  check(R"({"name":"taken"})", 409, "conflict", "taken");
  check(R"({"name":"a","routes":["nowhere"]})", 422, "rule_broken", "nowhere");
  check(R"({"name":"a","role":"viewer","routes":["assistant"]})", 422, "rule_broken", "viewer");
  check(R"({"name":"a","role":"admin","concurrency":1})", 422, "rule_broken", "admin");
  check(R"({"name":"a","expiresAt":"2026-11-21T07:59:59Z"})", 422, "rule_broken", "future");
  check(R"({"name":"a","role":"root"})", 400, "invalid_parameter", "application");
  check(R"({"name":"a","requestsPerMinute":0})", 400, "invalid_parameter");
  check(R"({"name":"a","key":"tg-mine"})", 400, "invalid_parameter", "key");
  check(R"({"name":""})", 400, "invalid_parameter");
  check(R"({})", 400, "missing_parameter", "name");
}

TEST(Keys, TellThatTheyNeedAnotherPepper) {
  KeysKit kit;
  static_cast<void>(kit.make("a"));
  EXPECT_EQ(member_of(kit.get("/api/keys/" + kit.id), "isUsable"), "true");
  const access::KeyHasher other(access::Pepper{1});
  kit.context.key_hasher = &other;
  EXPECT_EQ(member_of(kit.get("/api/keys/" + kit.id), "isUsable"), "false");
}

TEST(Keys, OpenTheAdminListenerByTheirRole) {
  KeysKit kit;
  kit.settings.listeners.admin.token.value = "the-admin-token";
  const std::string bearer = "Bearer the-admin-token";
  const auto make = [&](const std::string& name, const std::string& role) {
    const std::string body = R"({"name":")" + name + R"(","role":")" + role + "\"}";
    return member_of(kit.ask_as("the-admin-token", http::Method::post, "/api/keys", body), "key");
  };
  const std::string admin = make("chief", "admin");
  const std::string viewer = make("board", "viewer");
  const std::string application = make("shop", "application");
  using enum http::Method;
  expect_error(kit.ask_as(viewer, get, "/api/keys"), 403, "forbidden", "role admin");
  expect_error(kit.ask_as(viewer, post, "/-/reload"), 403, "forbidden", "role admin");
  expect_error(kit.ask_as(application, get, "/-/version"), 403, "forbidden", "application");
  expect_error(kit.ask_as(application, get, "/nowhere"), 403, "forbidden", "application");
  expect_error(kit.ask_as("tg-" + std::string(43, 'x'), get, "/-/version"), 401, "invalid_api_key");
  expect_error(kit.ask_as("", get, "/-/version"), 401, "invalid_api_key");
  EXPECT_EQ(kit.ask_as(viewer, get, "/-/version").status, 200U);
  EXPECT_EQ(kit.ask_as(admin, post, "/api/keys", R"({"name":"by-key"})").status, 201U);
  const auto entries = kit.catalog.audit({}).value();
  EXPECT_EQ(entries.front().actor, "key chief");
}

TEST(Keys, AreHeldToTheirRoleWhereTheListenerIsOpen) {
  KeysKit kit;
  const std::string viewer = kit.make("board", R"(,"role":"viewer")");
  expect_error(kit.ask_as(viewer, http::Method::get, "/api/keys"), 403, "forbidden");
  EXPECT_EQ(kit.ask_as("sk-anything", http::Method::get, "/api/keys").status, 200U);
}

}  // namespace
}  // namespace tallygate::api
