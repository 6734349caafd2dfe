#include "gateway/wire/upstream_error.h"

#include <gtest/gtest.h>

#include <string>

namespace tallygate::wire {
namespace {

using enum ErrorMeaning;

void check(std::string_view body, ErrorMeaning expected) {
  EXPECT_EQ(meaning_of_error(body), expected) << body;
}

TEST(UpstreamError, KnowsAMissingModelInEveryForm) {
  check(R"({"error":{"message":"no","type":"invalid_request_error","code":"model_not_found"}})",
        unknown_model);
  check(R"({"type":"error","error":{"type":"not_found_error","message":"model: claude-9"}})",
        unknown_model);
  check(R"({"object":"error","message":"The model `x` does not exist.","type":"NotFoundError",)"
        R"("param":null,"code":404})",
        unknown_model);
  check(
      R"({"error":{"message":"The model `x` does not exist.","type":"NotFoundError","code":404}})",
      unknown_model);
}

TEST(UpstreamError, KnowsASpentQuota) {
  check(R"({"error":{"message":"You exceeded your quota","type":"insufficient_quota",)"
        R"("param":null,"code":"insufficient_quota"}})",
        quota_spent);
  check(R"({"error":{"type":"insufficient_quota"}})", quota_spent);
}

TEST(UpstreamError, TakesNothingElseForEither) {
  for (const std::string_view body :
       {"", "not found", "{", "[]", "null", R"({"error":null})", R"({"error":"model_not_found"})",
        R"({"error":{"type":"not_found_error","message":"no such response"}})",
        R"({"error":{"code":"rate_limit_exceeded","message":"model_not_found"}})",
        R"({"error":{"code":["model_not_found"]}})"}) {
    check(body, other);
  }
}

TEST(UpstreamError, SurvivesDeepNesting) {
  check(R"({"error":{"x":)" + std::string(100'000, '['), other);
}

}  // namespace
}  // namespace tallygate::wire
