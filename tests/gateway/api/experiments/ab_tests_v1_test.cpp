#include "gateway/api/experiments/ab_tests_v1.h"

#include <gtest/gtest.h>

#include "gateway/api/experiments/ab_test_look_up.h"
#include "gateway/registry/experiments/ab_test_rules.h"
#include "gateway/registry/experiments/config_tests.h"
#include "tests/gateway/api/experiments/ab_test_api_kit.h"

namespace tallygate::api {
namespace {

const std::string kTests = "/api/v1/ab-tests";
constexpr const char* kNew = R"({"name":"prompt","model_type":"chat","variant_a":"1.0.0",
    "variant_b":"2.0.0","traffic_split":{"a":0.7,"b":0.3}})";

struct Kit : AbTestKit {
  std::string make(std::string_view body = kNew) {
    return kTests + "/" + text_of(asked(post(kTests, body), 201), "id");
  }
  std::string make_active(std::string_view body = kNew) {
    const std::string path = make(body);
    EXPECT_EQ(text_of(asked(post(path + "/start"), 200), "status"), "active");
    return path;
  }
  boost::json::object read(const std::string& path) { return asked(get(path), 200); }
};

TEST(AbTestsV1, AreAnotherViewOfTheSameDocument) {
  Kit kit;
  const std::string path = kit.make();
  const auto test = kit.read(path);
  EXPECT_EQ(text_of(test, "test_id"), path.substr(kTests.size() + 1));
  EXPECT_EQ(text_of(test, "variant_b"), "2.0.0");
  EXPECT_EQ(test.at("traffic_split").at("a").to_number<double>(), 0.7);
  const auto first_form = kit.read("/api/admin/llm-models/ab-tests/" + text_of(test, "test_id"));
  EXPECT_EQ(text_of(first_form, "modelVersionBId"), "v2");
  EXPECT_EQ(text_of(first_form, "trafficSplit"), "70");
}

TEST(AbTestsV1, CompareMoreThanTwo) {
  Kit kit;
  const std::string path = kit.make_active(R"({"name":"three","model_type":"chat","variants":[
      {"name":"a","version":"1.0.0","weight":0.5},{"name":"b","version":"2.0.0","weight":0.25},
      {"name":"long","version":"3.0.0","weight":0.25}]})");
  const auto test = kit.read(path);
  EXPECT_TRUE(test.at("metrics").as_object().contains("variant_long"));
  EXPECT_EQ(kit.asked(kit.put(path + "/traffic", R"({"split":{"a":0.2,"b":0.4,"long":0.4}})"), 200)
                .at("epoch"),
            2);
}

TEST(AbTestsV1, SayWhatIsWrongWithASplit) {
  Kit kit;
  const auto check = [&](std::string_view split, unsigned status, std::string_view expected) {
    const std::string body =
        R"({"name":"x","model_type":"chat","variant_a":"1.0.0","variant_b":"2.0.0",)"
        R"("traffic_split":)" +
        std::string(split) + "}";
    EXPECT_EQ(error_of(kit.asked(kit.post(kTests, body), status)), expected);
  };
  check(R"({"a":0.5,"b":0.6})", 422,
        "rule_broken traffic_split: The traffic split sums to 1.0 (100 percent).");
  check(R"({"a":0.5,"c":0.5})", 400,
        "invalid_parameter traffic_split: A split has one share from 0 to 1 for each variant, by "
        "name: a, b.");
  check(R"({"a":1})", 400,
        "invalid_parameter traffic_split: A split has one share from 0 to 1 for each variant, by "
        "name: a, b.");
}

TEST(AbTestsV1, GoThroughTheirLife) {
  Kit kit;
  const std::string path = kit.make();
  const auto post = [&](const char* action, unsigned status) {
    return text_of(kit.asked(kit.post(path + "/" + action), status), "status");
  };
  EXPECT_EQ(kit.post(path + "/resume").status, 409U);
  EXPECT_EQ(kit.post(path + "/pause").status, 409U);
  EXPECT_EQ(post("start", 200), "active");
  EXPECT_EQ(kit.post(path + "/start").status, 409U);
  EXPECT_EQ(post("pause", 200), "paused");
  EXPECT_EQ(post("resume", 200), "active");
  EXPECT_EQ(post("cancel", 200), "cancelled");
  EXPECT_EQ(error_of(kit.asked(kit.post(path + "/start"), 409)),
            "conflict status: The test is cancelled, which is final: make a new test to run it "
            "again.");
  EXPECT_EQ(kit.published, 4);
  EXPECT_EQ(kit.events.size(), 4U) << "one for each move";
}

TEST(AbTestsV1, PauseTheRunningOneAndSaySo) {
  Kit kit;
  const std::string first = kit.make_active();
  const std::string second = kit.make();
  const auto started = kit.asked(kit.post(second + "/start"), 200);
  EXPECT_EQ(text_of(started, "paused"), "[\"" + first.substr(kTests.size() + 1) + "\"]");
  EXPECT_EQ(text_of(kit.read(first), "status"), "paused");
}

TEST(AbTestsV1, PromoteTheWinnerInOneTransaction) {
  Kit kit;
  const std::string path = kit.make_active();
  const int before = kit.catalog.transactions;
  const auto done =
      kit.asked(kit.post(path + "/complete", R"({"winner":"b","promote":true})"), 200);
  EXPECT_EQ(kit.catalog.transactions, before + 1);
  EXPECT_EQ(text_of(done, "winner"), "b");
  EXPECT_EQ(text_of(done, "promoted"), "true");
  EXPECT_EQ(registry::default_of(kit.catalog, "chat").value()->version, "2.0.0");
}

TEST(AbTestsV1, CompleteWithoutAWinner) {
  Kit kit;
  const std::string path = kit.make_active();
  EXPECT_EQ(kit.post(path + "/complete", R"({"winner":"c"})").status, 422U);
  EXPECT_EQ(kit.post(path + "/complete", R"({"promote":true})").status, 422U);
  EXPECT_EQ(text_of(kit.asked(kit.post(path + "/complete", R"({"winner":null})"), 200), "winner"),
            "null");
  EXPECT_EQ(registry::default_of(kit.catalog, "chat").value()->version, "1.0.0");
}

TEST(AbTestsV1, DoNotPromoteOverADefaultOfTheFile) {
  Kit kit;
  const std::string path = kit.make_active(R"({"name":"x","model_type":"filed",
      "variant_a":"1.0.0","variant_b":"2.0.0"})");
  EXPECT_EQ(
      error_of(kit.asked(kit.post(path + "/complete", R"({"winner":"b","promote":true})"), 409)),
      "conflict promote: The configuration file sets the default of `filed`, under "
      "routes.filed.versions: change it there, or complete the test without promoting.");
  EXPECT_EQ(text_of(kit.read(path), "status"), "active");
}

TEST(AbTestsV1, PreviewAndThenMoveTheSameShare) {
  Kit kit;
  const std::string path = kit.make_active();
  for (const char* split : {"a:0.5,b:0.5", "b:0.5,a:0.5", "0.5,0.5", "0.5"}) {
    EXPECT_EQ(kit.asked(kit.get(path + "/preview?split=" + split), 200)
                  .at("moved_share")
                  .to_number<double>(),
              0.2)
        << split;
  }
  for (const char* split : {"", "b:0.5", "0.5,0.5,0", "a:x", "c:1,b:0"}) {
    EXPECT_EQ(kit.get(path + "/preview?split=" + split).status, 400U) << split;
  }
  EXPECT_EQ(kit.get(path + "/preview?split=0.5,0.6").status, 422U);
}

TEST(AbTestsV1, LookUpTheVariantOfAUnit) {
  Kit kit;
  const auto variant_of = [&](const std::string& unit) {
    return kit.get(kTests + "/user/variant?model_type=chat&user_id=" + unit).body;
  };
  EXPECT_EQ(variant_of("ann"), "null\n");
  const std::string path = kit.make_active();
  int in_b = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string answer = variant_of("unit-" + std::to_string(i));
    in_b += answer.find("\"variant\":\"b\"") != std::string::npos ? 1 : 0;
    EXPECT_EQ(answer, variant_of("unit-" + std::to_string(i)));
  }
  EXPECT_NEAR(in_b, 300, 60);
  EXPECT_EQ(kit.post(path + "/pause").status, 200U);
  EXPECT_EQ(variant_of("ann"), "null\n");
  EXPECT_EQ(kit.get(kTests + "/user/variant?model_type=chat").status, 400U);
}

TEST(AbTestsV1, KeepMetricsOfTheirOwn) {
  Kit kit;
  const std::string path = kit.make();
  const std::string metrics = path + "/metrics";
  EXPECT_EQ(kit.post(metrics, R"({"variant":"b","name":"rating","value":4})").status, 409U);
  EXPECT_EQ(kit.post(path + "/start").status, 200U);
  for (const char* value : {"4", "5"}) {
    kit.asked(kit.post(metrics, R"({"variant":"b","user_id":"u","name":"rating","value":)" +
                                    std::string(value) + "}"),
              201);
  }
  const auto rating = kit.read(path).at("metrics").at("variant_b").at("custom").at("rating");
  EXPECT_EQ(rating.at("count"), 2);
  EXPECT_EQ(rating.at("mean").to_number<double>(), 4.5);
  const auto check = [&](std::string_view body, unsigned status) {
    EXPECT_EQ(kit.post(metrics, body).status, status) << body;
  };
  check(R"({"variant":"c","name":"rating","value":1})", 400);
  check(R"({"name":"rating","value":1})", 400);
  check(R"({"variant":"a","request_id":"x","name":"rating","value":1})", 400);
  check(R"({"request_id":"x","name":"rating","value":1})", 404);
  check(R"({"variant":"a","name":"latency","value":1})", 400);
  check(R"({"variant":"a","name":"r r","value":1})", 400);
  check(R"({"variant":"a","name":"rating","value":1e300})", 400);
}

TEST(AbTestsV1, CountAValueWhereItsRequestWas) {
  Kit kit;
  const std::string path = kit.make_active();
  const std::string id = path.substr(kTests.size() + 1);
  router::Record record;
  record.experiment = kit.names.intern(id);
  record.route = kit.names.intern("chat");
  record.variant = 1;
  record.epoch = 1;
  kit.context.find_record = [&](const Uuid&) -> Result<router::Record> { return record; };
  const std::string body =
      R"({"request_id":"019aa4a5-3c30-7000-8000-0000000000ff","name":"rating","value":3})";
  EXPECT_EQ(text_of(kit.asked(kit.post(path + "/metrics", body), 201), "variant"), "b");
  record.experiment = kit.names.intern("another");
  EXPECT_EQ(kit.post(path + "/metrics", body).status, 409U);
}

TEST(AbTestsV1, ShowWhatWasCounted) {
  Kit kit;
  const std::string path = kit.make_active();
  const router::NameId experiment = kit.names.intern(path.substr(kTests.size() + 1));
  kit.names.intern("chat");
  kit.context.tallies_of = [&](const router::TallyFilter& filter) {
    EXPECT_EQ(filter.experiment, experiment);
    store::TallySet set;
    for (const std::uint8_t arm : {std::uint8_t{0}, std::uint8_t{1}}) {
      router::TallyKey key;
      key.kind = router::TallyKey::Kind::variant;
      key.experiment = experiment;
      key.epoch = 1;
      key.variant = arm;
      router::Tally tally;
      tally.outcomes[static_cast<std::size_t>(router::Outcome::ok)] = 90;
      tally.outcomes[static_cast<std::size_t>(router::Outcome::upstream_error)] = 10;
      for (int i = 0; i < 90; ++i) tally.latency.insert_micros(200'000);
      tally.latency_us_sum = 90 * 200'000;
      tally.cost_nano_usd = 5'000'000;
      set.entries.emplace_back(key, tally);
    }
    return set;
  };
  kit.context.units_of = [](router::NameId) {
    store::UnitCounts counts;
    counts.arms = {{1, 0, 7}, {1, 1, 3}};
    return counts;
  };
  const auto test = kit.read(path);
  const auto& variant = test.at("metrics").at("variant_b").as_object();
  EXPECT_EQ(variant.at("requests"), 100);
  EXPECT_EQ(variant.at("errors"), 10);
  EXPECT_EQ(variant.at("error_rate").to_number<double>(), 0.1);
  EXPECT_EQ(variant.at("avg_latency").to_number<double>(), 200);
  EXPECT_EQ(variant.at("cost").to_number<double>(), 0.005);
  EXPECT_EQ(test.at("assignments").at("variant_a"), 7);
  EXPECT_EQ(test.at("assignments").at("total"), 10);
  EXPECT_TRUE(test.at("analysis").at("recommendation").as_object().contains("sentence"));
}

TEST(AbTestsV1, ShowTestsOfTheFileAndLeaveThemToIt) {
  Kit kit;
  auto& declared = kit.settings.routes["filed"].experiment.emplace();
  declared.name = "declared";
  declared.variants = {{"a", "1.0.0"}, {"b", "2.0.0"}};
  declared.split = {{"a", 50}, {"b", 50}};
  declared.status = config::ExperimentStatus::active;
  store::Transaction transaction;
  for (const auto& test : registry::follow_config(kit.settings, {}, kit.context.now)) {
    transaction.writes.push_back(registry::write_of(test));
  }
  transaction.now = kit.context.now;
  ASSERT_TRUE(kit.catalog.transact(transaction));
  const auto page = kit.asked(kit.get(kTests + "?model_type=filed"), 200);
  ASSERT_EQ(page.at("data").as_array().size(), 1U);
  const auto& test = page.at("data").as_array()[0].as_object();
  EXPECT_EQ(text_of(test, "origin"), "config");
  const std::string path = kTests + "/" + text_of(test, "id");
  for (const char* action : {"/start", "/pause", "/resume", "/complete", "/cancel"}) {
    EXPECT_EQ(error_of(kit.asked(kit.post(path + action), 409)),
              "conflict origin: The test `declared` is declared in the configuration file, under "
              "routes.filed.experiment: change it there.");
  }
  const std::string mine = kit.make(R"({"name":"x","model_type":"filed","variant_a":"1.0.0",
      "variant_b":"2.0.0"})");
  EXPECT_EQ(kit.post(mine + "/start").status, 409U);
}

TEST(AbTestsV1, AnswerWhatTheirTablesSay) {
  Kit kit;
  const std::string path = kit.make_active();
  const std::pair<std::string, AdminResponse> answers[] = {
      {"AbTestV1", kit.put(path + "/traffic", R"({"split":{"a":0.5,"b":0.5}})")},
      {"AbTestsV1", kit.get(kTests)},
      {"AbTestReport", kit.get(path)},
      {"AbTestPreview", kit.get(path + "/preview?split=0.9")},
      {"AbTestMetric", kit.post(path + "/metrics", R"({"variant":"a","name":"m","value":-0.5})")},
  };
  for (const AdminRoute& route : ab_test_v1_routes()) {
    EXPECT_FALSE(route.summary.empty()) << route.path;
    if (route.result == nullptr) continue;
    for (const auto& [name, answer] : answers) {
      if (name != route.result->name) continue;
      const auto fits = check_answer(answer.body, *route.result);
      EXPECT_TRUE(fits) << route.path << ": " << fits.error().message;
    }
  }
}

}  // namespace
}  // namespace tallygate::api
