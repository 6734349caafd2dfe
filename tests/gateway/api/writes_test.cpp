#include "gateway/api/writes.h"

#include "gateway/api/shapes/answers.h"
#include "tests/gateway/api/admin_kit.h"

namespace tallygate::api {
namespace {

/// One endpoint that counts: each write of "thing" `id` stores how often it was asked.
struct WritesKit : AdminKit {
  int decisions = 0;
  std::string path = "/things";
  http::Method method = http::Method::post;
  std::string body = "{}";

  AdminResponse write(bool guarded = false) {
    context.now += std::chrono::seconds{1};
    const AdminRequest request{head_of(method, path), body, "req-1"};
    return answer_write(request, context, [&](const store::Catalog& read) -> Result<Change> {
      ++decisions;
      const auto known = read.find("thing", "1");
      const std::uint64_t revision = known ? known->revision : 0;
      if (guarded) {
        if (auto fits = check_if_match(request, revision); !fits) return fits.error();
      }
      Change change;
      change.writes = {{.kind = "thing",
                        .id = "1",
                        .body = "{}",
                        .index_keys = {},
                        .unique_keys = {},
                        .expected_revision = revision}};
      change.action = "count";
      change.status = revision == 0 ? 201 : 200;
      change.revision = revision + 1;
      change.body = R"({"revision":)" + std::to_string(change.revision) + "}";
      change.changes_routing = true;
      change.events = {{"counted", "{}"}};
      return change;
    });
  }
  std::uint64_t revision() const {
    const auto thing = catalog.find("thing", "1");
    return thing ? thing->revision : 0;
  }
};

TEST(Writes, AreStoredPublishedAndAnnounced) {
  WritesKit kit;
  const AdminResponse answer = kit.write();
  EXPECT_EQ(answer.status, 201u);
  EXPECT_EQ(answer.body, "{\"revision\":1}\n");
  EXPECT_EQ(header_of(answer, "ETag"), "\"1\"");
  EXPECT_EQ(kit.published, 1);
  ASSERT_EQ(kit.events.size(), 1u);
  const auto audit = kit.catalog.audit({});
  ASSERT_EQ(audit->size(), 1u);
  EXPECT_EQ(audit->front().actor, "ann");
  EXPECT_EQ(audit->front().action, "count");
  EXPECT_EQ(audit->front().at, kit.context.now);
}

TEST(Writes, OfOneIdempotencyKeyHappenOnce) {
  WritesKit kit;
  kit.headers = {{"idempotency-key", "k-1"}};
  const AdminResponse first = kit.write();
  const AdminResponse again = kit.write();
  EXPECT_EQ(again.status, first.status);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(header_of(again, "ETag"), "\"1\"");
  EXPECT_EQ(header_of(again, "Idempotency-Replayed"), "true");
  EXPECT_EQ(header_of(first, "Idempotency-Replayed"), "");
  EXPECT_EQ(kit.revision(), 1u);
  EXPECT_EQ(kit.published, 1);
  kit.headers = {{"idempotency-key", "k-2"}};
  EXPECT_EQ(kit.write().status, 200u);
  EXPECT_EQ(kit.revision(), 2u);
}

TEST(Writes, OfAnotherCallerUnderTheSameKeyAreItsOwn) {
  WritesKit kit;
  kit.headers = {{"idempotency-key", "k-1"}};
  kit.write();
  kit.context.actor = "key bob";
  const AdminResponse other = kit.write();
  EXPECT_EQ(other.status, 200u);
  EXPECT_EQ(header_of(other, "Idempotency-Replayed"), "");
  EXPECT_EQ(kit.revision(), 2u);
  EXPECT_EQ(kit.write().body, other.body);
  kit.body = "{ }";  // no conflict with what others sent
  kit.context.actor = "key eve";
  EXPECT_EQ(kit.write().status, 200u);
}

TEST(Writes, OfAnotherRequestUnderTheSameKeyAreAConflict) {
  const auto check = [](auto change) {
    WritesKit kit;
    kit.headers = {{"idempotency-key", "k-1"}};
    kit.write();
    change(kit);
    expect_error(kit.write(), 409, "conflict", "Idempotency-Key");
    EXPECT_EQ(kit.revision(), 1u);
  };
  check([](WritesKit& kit) { kit.method = http::Method::put; });
  check([](WritesKit& kit) { kit.path = "/thing"; });
  check([](WritesKit& kit) { kit.path = "/things?a=1"; });
  check([](WritesKit& kit) { kit.body = "{ }"; });
  check([](WritesKit& kit) { kit.path = "/things\n2 {}", kit.body = ""; });
}

TEST(Writes, ForgetAKeyAfterADay) {
  WritesKit kit;
  kit.headers = {{"idempotency-key", "k-1"}};
  kit.write();
  kit.context.now += std::chrono::hours{24};
  EXPECT_EQ(kit.write().body, "{\"revision\":2}\n");
}

TEST(Writes, DoNotRememberWhatFailed) {
  WritesKit kit;
  kit.headers = {{"idempotency-key", "k-1"}, {"if-match", "7"}};
  expect_error(kit.write(true), 412, "precondition_failed");
  kit.headers = {{"idempotency-key", "k-1"}};
  EXPECT_EQ(kit.write(true).status, 201u);
}

TEST(Writes, RefuseKeysThatAreNone) {
  for (const std::string& key :
       {std::string(256, 'k'), std::string("a\tb"), std::string("\xc3\xa9")}) {
    WritesKit kit;
    kit.headers = {{"idempotency-key", key}};
    expect_error(kit.write(), 400, "invalid_parameter", "Idempotency-Key");
    EXPECT_EQ(kit.revision(), 0u);
  }
}

/// Somebody else's write of the thing.
void write_aside(WritesKit& kit) {
  store::DocumentWrite write{.kind = "thing",
                             .id = "1",
                             .body = "{}",
                             .index_keys = {},
                             .unique_keys = {},
                             .expected_revision = {}};
  kit.catalog
      .transact({.writes = {write},
                 .actor = "b",
                 .action = "x",
                 .now = kit.context.now,
                 .remember = std::nullopt})
      .value();
}

TEST(Writes, AreDecidedAgainWhenAnotherCameInBetween) {
  WritesKit kit;
  const auto other = [&kit] { write_aside(kit); };
  kit.catalog.before_transact = other;
  EXPECT_EQ(kit.write().body, "{\"revision\":2}\n");
  EXPECT_EQ(kit.decisions, 2);
  kit.headers = {{"if-match", "2"}};
  kit.catalog.before_transact = other;
  expect_error(kit.write(true), 412, "precondition_failed", "revision 3");
}

TEST(Writes, GiveUpWhenOthersKeepComingInBetween) {
  WritesKit kit;
  std::function<void()> other = [&] {
    kit.catalog.before_transact = nullptr;
    write_aside(kit);
    kit.catalog.before_transact = other;
  };
  kit.catalog.before_transact = other;
  expect_error(kit.write(), 409, "conflict", "try again");
  EXPECT_LT(kit.decisions, 10);
}

TEST(Writes, SayThatTheyAreStoredThoughNotPublished) {
  WritesKit kit;
  kit.context.publish = []() -> Result<void> { return make_error(Errc::internal, "No."); };
  expect_error(kit.write(), 500, "internal_error", "is stored");
  EXPECT_EQ(kit.revision(), 1u);
  EXPECT_TRUE(kit.events.empty());
}

TEST(Writes, ReadIfMatchInAllItsSpellings) {
  const auto check = [](std::string_view value, unsigned status) {
    AdminKit kit;
    kit.headers = {{"if-match", std::string(value)}};
    const auto fits = check_if_match({kit.head_of(http::Method::put, "/x"), {}, {}}, 3);
    EXPECT_EQ(fits ? 200 : traits_of(fits.error().code).status, status) << value;
  };
  for (const char* value : {"", "3", "\"3\"", "W/\"3\"", "*", "\"1\", \"3\"", "1,3"})
    check(value, 200);
  for (const char* value : {"2", "\"4\"", "W/\"30\"", "1,2"}) check(value, 412);
  for (const char* value : {"x", "\"", "\"x\"", "-3", "3x", ",", "w/\"3\""}) check(value, 400);
}

}  // namespace
}  // namespace tallygate::api
