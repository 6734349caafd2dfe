#include "gateway/api/feedback/feedback_api.h"

#include "gateway/api/feedback/feedback_fields.h"
#include "tests/gateway/api/admin_kit.h"

namespace tallygate::api {
namespace {

const std::string kKnown = "019aa4a5-0000-7000-8000-000000000001";
const std::string kUnknown = "019aa4a5-0000-7000-8000-000000000002";

struct FeedbackKit : AdminKit {
  router::Record record;

  FeedbackKit() {
    settings.store.retention = std::chrono::hours{24 * 30};
    context.now = time_of(parse_uuid(kKnown).value()) + std::chrono::hours{1};
    record.id = parse_uuid(kKnown).value();
    record.route = names.intern("assistant");
    record.served_version = names.intern("2.0");
    record.target = names.intern("main");
    record.experiment = names.intern("tone");
    record.variant = 1;
    record.response_id = "chatcmpl-7";
    context.find_record = [this](const Uuid& id) -> Result<router::Record> {
      if (id == record.id) return record;
      return make_error(Errc::not_found, "There is no such record.");
    };
    context.find_by_response_id = [this](std::string_view id) -> Result<router::Record> {
      if (id == record.response_id) return record;
      return make_error(Errc::not_found, "There is no such record.");
    };
  }

  AdminResponse give(const std::string& members, const std::string& id = kKnown) {
    return post("/v1/feedback", "{\"request_id\":\"" + id + "\"," + members + "}");
  }
  AdminResponse of_application(const std::string& body) {
    return answer_application({head_of(http::Method::post, "/v1/feedback"), body, "req-1"},
                              context);
  }
};

TEST(FeedbackApi, TakesEachFormAndShowsItWithWhatServed) {
  FeedbackKit kit;
  expect_answer(kit.give(R"("rating":{"stars":4},"comment":"fine","tags":["a","b"])"), 201,
                kGivenFeedbackFields);
  const AdminResponse shown = kit.get("/v1/feedback/" + kKnown);
  expect_answer(shown, 200, kFeedbackFields);
  const std::pair<const char*, const char*> rows[] = {
      {"model", "assistant"},
      {"version", "2.0"},
      {"experiment", "tone"},
      {"variant", "b"},
      {"target", "main"},
      {"response_id", "chatcmpl-7"},
      {"latest.score", "7.5E-1"},
      {"latest.actor", "ann"},
      {"latest.comment", "fine"},
      {"latest.tags.1", "b"},
      {"latest.correction", "null"},
      {"revision", "1"},
  };
  for (const auto& [member, value] : rows) EXPECT_EQ(member_of(shown, member), value) << member;
}

TEST(FeedbackApi, FindsARequestByEitherId) {
  FeedbackKit kit;
  for (const std::string& id : {std::string("chatcmpl-7"), kKnown}) {
    const AdminResponse given =
        kit.post("/v1/feedback", R"({"rating":{"thumbs":"up"},"response_id":")" + id + "\"}");
    EXPECT_EQ(member_of(given, "request_id"), kKnown) << given.body;
  }
  expect_error(kit.post("/v1/feedback", R"({"rating":{"thumbs":"up"},"response_id":"chatcmpl-8"})"),
               404, "not_found");
  kit.settings.store.index_response_ids = false;
  expect_error(kit.post("/v1/feedback", R"({"rating":{"thumbs":"up"},"response_id":"chatcmpl-8"})"),
               404, "not_found", "index_response_ids");
}

TEST(FeedbackApi, TakesAModelsUuidForWhatItIs) {
  FeedbackKit kit;
  // Its first bytes would be a time long ago if it were one of ours.
  const std::string id = "00f30000-0000-4000-8000-000000000001";
  const std::string body = R"({"rating":{"thumbs":"up"},"response_id":")" + id + "\"}";
  expect_error(kit.post("/v1/feedback", body), 404, "not_found");
  expect_error(kit.give(R"("rating":{"thumbs":"up"})", id), 404, "not_found");
  kit.record.response_id = id;
  EXPECT_EQ(member_of(kit.post("/v1/feedback", body), "request_id"), kKnown);
}

TEST(FeedbackApi, WantsBothIdsToNameOneRequest) {
  FeedbackKit kit;
  for (const std::string& id : {std::string("chatcmpl-7"), kKnown}) {
    EXPECT_EQ(kit.give(R"("rating":{"thumbs":"up"},"response_id":")" + id + "\"").status, 201u);
  }
  expect_error(kit.give(R"("rating":{"thumbs":"up"},"response_id":"chatcmpl-8")"), 400,
               "invalid_parameter", "two requests");
}

TEST(FeedbackApi, CountsTheLastOpinionOnceAndKeepsHistory) {
  FeedbackKit kit;
  const AdminResponse first = kit.give(R"("rating":{"thumbs":"up"})");
  const int written = kit.catalog.transactions;
  const AdminResponse again = kit.give(R"("rating":{"thumbs":"up"})");
  EXPECT_EQ(again.status, 201u);
  EXPECT_EQ(member_of(again, "feedback_id"), member_of(first, "feedback_id"));
  EXPECT_EQ(kit.catalog.transactions, written);
  const AdminResponse other = kit.give(R"("rating":{"thumbs":"down"},"correction":"4")");
  EXPECT_EQ(other.status, 201u);
  EXPECT_NE(member_of(other, "feedback_id"), member_of(first, "feedback_id"));
  const AdminResponse shown = kit.get("/v1/feedback/" + kKnown);
  EXPECT_EQ(member_of(shown, "latest.rating.thumbs"), "down");
  EXPECT_EQ(member_of(shown, "earlier.0.rating.thumbs"), "up");
  EXPECT_EQ(member_of(shown, "revision"), "2");
}

TEST(FeedbackApi, RefusesWhatItCannotPlace) {
  FeedbackKit kit;
  expect_error(kit.give(R"("rating":{"thumbs":"up"})", kUnknown), 404, "not_found");
  expect_error(kit.give(R"("rating":{"thumbs":"up"})", "abc"), 400, "invalid_parameter");
  expect_error(kit.give(R"("rating":{"thumbs":"up"})", "01800000-0000-7000-8000-000000000000"), 410,
               "gone", "retention");
  kit.settings.store.retention = {};
  expect_error(kit.give(R"("rating":{"thumbs":"up"})", "01800000-0000-7000-8000-000000000000"), 404,
               "not_found");
  expect_error(kit.post("/v1/feedback", R"({"rating":{"thumbs":"up"}})"), 400, "missing_parameter",
               "x-request-id");
  kit.record.mirrored = true;
  expect_error(kit.give(R"("rating":{"thumbs":"up"})"), 404, "not_found");
}

TEST(FeedbackApi, RefusesWhatIsNoOpinion) {
  FeedbackKit kit;
  expect_error(kit.give(R"("rating":{})"), 400, "invalid_parameter", "thumbs");
  expect_error(kit.give(R"("rating":{"stars":6})"), 400, "invalid_parameter");
  expect_error(kit.give(R"("rating":{"stars":2,"thumbs":"up"})"), 400, "invalid_parameter", "one");
  expect_error(kit.give(R"("rating":{"stars":2},"mood":1)"), 400, "invalid_parameter", "mood");
  expect_error(kit.give(R"("comment":"x")"), 400, "missing_parameter", "rating");
  expect_error(kit.give(R"("rating":{"stars":2},"comment":")" + std::string(20'000, 'x') + "\""),
               413, "body_too_large", "comment");
  EXPECT_EQ(kit.catalog.transactions, 0);
}

TEST(FeedbackApi, HidesRoutesThatAKeyIsNotFor) {
  FeedbackKit kit;
  const std::string body = R"({"rating":{"thumbs":"up"},"request_id":")" + kKnown + "\"}";
  kit.context.allows_route = [](std::string_view route) { return route == "other"; };
  expect_error(kit.of_application(body), 404, "not_found");
  kit.context.allows_route = [](std::string_view route) { return route == "assistant"; };
  EXPECT_EQ(kit.of_application(body).status, 201u);
}

TEST(FeedbackApi, KeepsTheWordsOfPeopleOutOfTheAuditTrail) {
  FeedbackKit kit;
  kit.give(R"("rating":{"stars":1},"comment":"my name is Ann")");
  const AdminResponse audit = kit.get("/api/audit");
  EXPECT_EQ(member_of(audit, "data.0.action"), "give feedback") << audit.body;
  EXPECT_EQ(audit.body.find("Ann"), std::string::npos) << audit.body;
}

TEST(FeedbackApi, ListsTheNewestRequestsFirst) {
  FeedbackKit kit;
  for (int number = 1; number <= 5; ++number) {
    kit.record.id = make_uuid_v7(kit.context.now, 0, static_cast<std::uint64_t>(number) << 2);
    kit.record.route = kit.names.intern(number == 3 ? "other" : "assistant");
    kit.give(R"("rating":{"stars":)" + std::to_string(number) + "}", to_string(kit.record.id));
  }
  const AdminResponse page = kit.get("/v1/feedback?limit=2&model=assistant");
  expect_answer(page, 200, kFeedbackPageFields);
  EXPECT_EQ(member_of(page, "data.0.latest.rating.stars"), "5");
  EXPECT_EQ(member_of(page, "data.1.latest.rating.stars"), "4");
  const AdminResponse next =
      kit.get("/v1/feedback?limit=2&model=assistant&cursor=" + member_of(page, "next_cursor"));
  EXPECT_EQ(member_of(next, "data.0.latest.rating.stars"), "2");
  EXPECT_EQ(member_of(next, "data.1.latest.rating.stars"), "1");
  EXPECT_EQ(member_of(next, "has_more"), "false");
}

}  // namespace
}  // namespace tallygate::api
