#include "gateway/api/shapes/json_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace tallygate::api {
namespace {

TEST(DecimalText, IsExactAndShort) {
  const auto check = [](std::int64_t value, int digits, std::string_view expected) {
    EXPECT_EQ(decimal_text(value, digits), expected);
  };
  check(0, 3, "0");
  check(1, 3, "0.001");
  check(1'200, 3, "1.2");
  check(5'000, 3, "5");
  check(10, 0, "10");
  check(123'456'789'012, 9, "123.456789012");
  check(-1'500, 3, "-1.5");
  check(std::numeric_limits<std::int64_t>::min(), 9, "-9223372036.854775808");
}

TEST(NumberText, HasNoExponentAndNoTail) {
  EXPECT_EQ(number_text(0.5), "0.5");
  EXPECT_EQ(number_text(12), "12");
  EXPECT_EQ(number_text(1.0 / 3), "0.333");
  EXPECT_EQ(number_text(-0.0001), "0");
  EXPECT_EQ(number_text(std::numeric_limits<double>::infinity()), "0");
  EXPECT_EQ(number_text(std::numeric_limits<double>::quiet_NaN()), "0");
  EXPECT_EQ(number_text(1e300).size(), 301u);
}

TEST(JsonText, PutsCommasWhereTheyBelong) {
  JsonText json;
  json.open('{');
  json.add("a", "x\"y");
  json.open("list", '[');
  json.add_string("one");
  json.open('{');
  json.close('}');
  json.add_raw("2");
  json.close(']');
  json.open("empty", '[');
  json.close(']');
  json.add("n", std::uint64_t{7});
  json.add("yes", true);
  json.add_name("none", "");
  json.close('}');
  EXPECT_EQ(json.text(),
            R"({"a":"x\"y","list":["one",{},2],"empty":[],"n":7,"yes":true,"none":null})");
}

}  // namespace
}  // namespace tallygate::api
