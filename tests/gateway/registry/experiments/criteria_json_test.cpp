#include "gateway/registry/experiments/criteria_json.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

namespace tallygate::registry {
namespace {

std::string message_of(std::string_view text) {
  const auto criteria = parse_criteria(text);
  return criteria ? "no error" : criteria.error().message;
}

TEST(CriteriaJson, ReadsEveryKey) {
  const auto criteria = parse_criteria(R"({"min_requests":500,"max_error_rate":0.02,
      "max_latency_ms":1500.5,"latency_quantile":0.99,"min_improvement":0.05,
      "min_improvement_absolute":-2,"metric":"rating","min_duration":"2d","max_duration":1209600,
      "auto_complete":true,"rollout":[1,12.5,100]})");
  ASSERT_TRUE(criteria) << criteria.error().message;
  router::Criteria expected;
  expected.min_requests = 500;
  expected.max_error_rate = 0.02;
  expected.max_latency_ms = std::chrono::milliseconds{1501};
  expected.latency_quantile = 0.99;
  expected.min_improvement = 0.05;
  expected.min_improvement_absolute = -2;
  expected.metric = "rating";
  expected.min_duration = std::chrono::hours{48};
  expected.max_duration = std::chrono::hours{24 * 14};
  expected.auto_complete = true;
  expected.rollout = {1, 12.5, 100};
  EXPECT_EQ(*criteria, expected);
  EXPECT_EQ(parse_criteria(boost::json::serialize(criteria_json(expected))).value(), expected);
}

TEST(CriteriaJson, HasDefaults) {
  EXPECT_EQ(parse_criteria("").value(), router::Criteria{});
  EXPECT_EQ(parse_criteria("{}").value(), router::Criteria{});
  EXPECT_EQ(parse_criteria(R"({"max_error_rate":null,"rollout":null})").value(),
            router::Criteria{});
  EXPECT_EQ(parse_criteria(boost::json::serialize(criteria_json({}))).value(), router::Criteria{});
}

TEST(CriteriaJson, RefusesUnknownKeysWithTheKnownOnes) {
  const auto criteria = parse_criteria(R"({"min_request":5})");
  ASSERT_TRUE(criteria.has_error());
  EXPECT_EQ(criteria.error().code, Errc::invalid_parameter);
  EXPECT_EQ(criteria.error().param, "criteria.min_request");
  EXPECT_EQ(criteria.error().message,
            "criteria.min_request is not known. Known: min_requests, max_error_rate, "
            "max_latency_ms, latency_quantile, metric, min_improvement, min_improvement_absolute, "
            "min_duration, max_duration, auto_complete, rollout.");
}

TEST(CriteriaJson, SaysWhatWouldBeRight) {
  const auto check = [](std::string_view text, std::string_view message) {
    EXPECT_EQ(message_of(text), message) << text;
  };
  check("[]", "criteria is a JSON object.");
  check("{", "criteria is a JSON object.");
  check(R"({"max_error_rate":2})", "criteria.max_error_rate is a number from 0.0001 to 0.9999.");
  check(R"({"max_error_rate":"1%"})", "criteria.max_error_rate is a number from 0.0001 to 0.9999.");
  check(R"({"min_requests":1.5})", "criteria.min_requests is a whole number from 0 to 1000000000.");
  check(R"({"min_requests":-1})", "criteria.min_requests is a whole number from 0 to 1000000000.");
  check(R"({"max_latency_ms":0})", "criteria.max_latency_ms is a number from 0.001 to 86400000.");
  check(R"({"latency_quantile":0.1})", "criteria.latency_quantile is a number from 0.5 to 0.9999.");
  check(R"({"metric":""})",
        "criteria.metric is the name of a metric: error_rate, latency, ttft, cost or your own.");
  check(R"({"auto_complete":1})", "criteria.auto_complete is true or false.");
  check(R"({"min_duration":"soon"})",
        "criteria.min_duration is a duration such as \"90s\", \"12h\" or \"7d\", at most 365d.");
  check(R"({"max_duration":"366d"})",
        "criteria.max_duration is a duration such as \"90s\", \"12h\" or \"7d\", at most 365d.");
  check(R"({"min_duration":"2d","max_duration":"1d"})",
        "criteria.min_duration is at most max_duration, which is 1d here.");
  for (const char* stages : {"[]", "[0]", "[5,5]", "[5,1]", "[101]", "[\"1\"]", "7"}) {
    check(std::string(R"({"rollout":)") + stages + "}",
          "criteria.rollout is a list of 1 to 20 ascending percentages from 0.01 to 100, such as "
          "[1, 5, 25, 50, 100].");
  }
}

}  // namespace
}  // namespace tallygate::registry
