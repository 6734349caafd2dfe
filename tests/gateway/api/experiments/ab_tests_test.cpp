#include "gateway/api/experiments/ab_tests.h"

#include <gtest/gtest.h>

#include "gateway/api/shapes/fields.h"
#include "tests/gateway/api/experiments/ab_test_api_kit.h"

namespace tallygate::api {
namespace {

const std::string kTests = "/api/admin/llm-models/ab-tests";
constexpr const char* kNew =
    R"({"name":"prompt","modelVersionAId":"v1","modelVersionBId":"v2","trafficSplit":70})";
constexpr const char* kActive =
    R"({"name":"prompt","modelVersionAId":"v1","modelVersionBId":"v2","status":"active"})";

TEST(AbTests, AreMadeAsDraftsAndRead) {
  AbTestKit kit;
  const auto made = kit.asked(kit.post(kTests, kNew), 201);
  EXPECT_EQ(text_of(made, "status"), "draft");
  EXPECT_EQ(text_of(made, "modelType"), "chat");
  EXPECT_EQ(text_of(made, "trafficSplit"), "70");
  EXPECT_EQ(text_of(made, "isActive"), "false");
  EXPECT_EQ(text_of(made, "origin"), "api");
  EXPECT_EQ(kit.published, 0);
  const AdminResponse read = kit.get(kTests + "/" + text_of(made, "id"));
  EXPECT_EQ(json_of(read), boost::json::value(made));
  EXPECT_EQ(
      kit.asked(kit.get(kTests + "?modelType=chat&status=draft"), 200).at("data").as_array().size(),
      1U);
  EXPECT_EQ(kit.asked(kit.get(kTests + "?modelType=other"), 200).at("data").as_array().size(), 0U);
}

TEST(AbTests, StartAtOnceWhenAskedTo) {
  AbTestKit kit;
  const auto made = kit.asked(kit.post(kTests, kActive), 201);
  EXPECT_EQ(text_of(made, "status"), "active");
  EXPECT_EQ(text_of(made, "trafficSplit"), "50");
  EXPECT_EQ(kit.published, 1);
  ASSERT_EQ(kit.events.size(), 1U);
  EXPECT_EQ(kit.events[0].first, "ab_test");
  const auto second = kit.asked(
      kit.post(kTests,
               R"({"name":"x","modelVersionAId":"v1","modelVersionBId":"v3","isActive":true})"),
      201);
  EXPECT_EQ(text_of(second, "paused"), "[\"" + text_of(made, "id") + "\"]");
  EXPECT_EQ(text_of(kit.asked(kit.get(kTests + "/" + text_of(made, "id")), 200), "status"),
            "paused");
}

TEST(AbTests, WaitForAStartThatLiesAhead) {
  AbTestKit kit;
  const auto made =
      kit.asked(kit.post(kTests, R"({"name":"x","modelVersionAId":"v1","modelVersionBId":"v3",
                           "startDate":"2026-12-01T00:00:00Z","status":"active"})"),
                201);
  EXPECT_EQ(text_of(made, "status"), "draft");
}

TEST(AbTests, NameTheRuleThatARequestBreaks) {
  AbTestKit kit;
  const auto check = [&](std::string_view body, unsigned status, std::string_view expected) {
    EXPECT_EQ(error_of(kit.asked(kit.post(kTests, body), status)).substr(0, expected.size()),
              expected);
  };
  check(R"({"name":"x","modelVersionAId":"v1","modelVersionBId":"v1"})", 422,
        "rule_broken variant_b: The versions of a test differ");
  check(R"({"name":"x","modelVersionAId":"v1","modelVersionBId":"v9"})", 422,
        "rule_broken variant_b: The versions of a test exist");
  check(R"({"name":"x","modelVersionAId":"v1","modelVersionBId":"v4"})", 422,
        "rule_broken variant_b: The versions of a test are active");
  check(R"({"name":"x","modelVersionAId":"v1","modelVersionBId":"v2","trafficSplit":101})", 422,
        "rule_broken traffic_split: The traffic split of every variant is within 0 and 1");
  check(R"({"name":"x","modelVersionAId":"v1"})", 400, "missing_parameter modelVersionBId");
  check(R"({"name":"x","modelVersionAId":"v1","modelVersionBId":"v2","split":1})", 400,
        "invalid_parameter split");
  check(R"({"name":"x","modelVersionAId":"v1","modelVersionBId":"v2","criteria":{"p":1}})", 400,
        "invalid_parameter criteria.p: criteria.p is not known.");
}

TEST(AbTests, ChangeByTheirLegalMovesOnly) {
  AbTestKit kit;
  const std::string path = kTests + "/" + text_of(kit.asked(kit.post(kTests, kNew), 201), "id");
  EXPECT_EQ(error_of(kit.asked(kit.put(path, R"({"status":"completed"})"), 409)),
            "conflict status: The test is draft and cannot become completed; from here it can "
            "become: active, cancelled.");
  EXPECT_EQ(text_of(kit.asked(kit.put(path, R"({"isActive":true})"), 200), "status"), "active");
  EXPECT_EQ(text_of(kit.asked(kit.put(path, R"({"trafficSplit":50})"), 200), "trafficSplit"), "50");
  EXPECT_EQ(text_of(kit.asked(kit.put(path, R"({"isActive":false})"), 200), "status"), "paused");
  const auto done = kit.asked(
      kit.put(path, R"({"modelAScore":0.7,"modelBScore":0.9,"winner":"B","status":"completed"})"),
      200);
  EXPECT_EQ(text_of(done, "status"), "completed");
  EXPECT_EQ(text_of(done, "winner"), "B");
  EXPECT_EQ(done.at("modelBScore").to_number<double>(), 0.9);
  EXPECT_EQ(kit.put(path, R"({"status":"active"})").status, 409U);
}

TEST(AbTests, AnswerAStaleRevisionWith412) {
  AbTestKit kit;
  const std::string path = kTests + "/" + text_of(kit.asked(kit.post(kTests, kNew), 201), "id");
  kit.headers = {{"If-Match", "\"1\""}};
  EXPECT_EQ(kit.put(path, R"({"name":"second"})").status, 200U);
  EXPECT_EQ(kit.put(path, R"({"name":"third"})").status, 412U);
}

TEST(AbTests, AreMadeOnceForOneIdempotencyKey) {
  AbTestKit kit;
  kit.headers = {{"Idempotency-Key", "k1"}};
  const auto first = kit.asked(kit.post(kTests, kActive), 201);
  EXPECT_EQ(kit.asked(kit.post(kTests, kActive), 201), first);
  EXPECT_EQ(kit.published, 1);
  EXPECT_EQ(kit.post(kTests, kNew).status, 409U);
}

TEST(AbTests, AreNotFoundByAnythingElse) {
  AbTestKit kit;
  EXPECT_EQ(kit.get(kTests + "/nothing").status, 404U);
  EXPECT_EQ(kit.get(kTests + "/019aa4a5-3c30-7000-8000-0000000000ff").status, 404U);
  EXPECT_EQ(kit.put(kTests + "/nothing", "{}").status, 404U);
  EXPECT_EQ(kit.get(kTests + "?status=running").status, 400U);
}

TEST(AbTests, AnswerWhatTheirTableSays) {
  AbTestKit kit;
  const AdminResponse made = kit.post(
      kTests, R"({"name":"x","modelVersionAId":"v1","modelVersionBId":"v2","status":"active",
                  "criteria":{"max_error_rate":0.01,"rollout":[1,100],"min_duration":"1d"}})");
  const AdminResponse page = kit.get(kTests);
  for (const AdminRoute& route : ab_test_routes()) {
    ASSERT_NE(route.result, nullptr) << route.path;
    EXPECT_FALSE(route.summary.empty());
    const auto fits = check_answer(route.result->is_page ? page.body : made.body, *route.result);
    EXPECT_TRUE(fits) << fits.error().message;
  }
}

}  // namespace
}  // namespace tallygate::api
