#include "gateway/wire/model_error.h"

#include <gtest/gtest.h>

namespace tallygate::wire {
namespace {

void check(std::string_view json, bool expected) {
  EXPECT_EQ(says_model_not_found(json), expected) << json;
}

TEST(ModelError, FindsTheCodeOfAnUnknownModel) {
  check(R"({"error":{"message":"no","type":"t","param":null,"code":"model_not_found"}})", true);
  check("{\"error\": {\"code\" :\n \"model_not_found\", \"message\": \"no\"}}", true);
  check(R"({"code":404,"error":{"code":"model_not_found"}})", true);
  check("4f\r\n{\"error\":{\"code\":\"model_not_found\"}}\r\n0\r\n\r\n", true);
}

TEST(ModelError, IsNotFooledByOtherWords) {
  check("", false);
  check("\"code\"", false);
  check("\"code\":", false);
  check(R"({"error":{"code":"not_found","message":"model_not_found"}})", false);
  check(R"({"error":{"message":"\"code\":\"model_not_found\""}})", false);
  check(R"({"error":{"code":"model_not_found_at_all"}})", false);
  check(R"({"error":{"code":null}})", false);
}

}  // namespace
}  // namespace tallygate::wire
