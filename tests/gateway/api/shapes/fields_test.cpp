#include "gateway/api/shapes/fields.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

namespace tallygate::api {
namespace {

constexpr std::string_view kColours[] = {"red", "green"};
constexpr Field kParts[] = {
    {.name = "url", .required = true, .min = 1},
    {.name = "weight", .type = FieldType::number, .min = 0, .max = 1},
};
constexpr Field kThing[] = {
    {.name = "name", .required = true, .note = "What people call it.", .min = 1, .max = 8},
    {.name = "modelType", .nullable = true},
    {.name = "colour", .one_of = kColours},
    {.name = "isActive", .type = FieldType::boolean},
    {.name = "count", .type = FieldType::integer, .min = 0, .max = 10},
    {.name = "share", .type = FieldType::number, .min = 0, .max = 1},
    {.name = "from", .type = FieldType::timestamp},
    {.name = "every", .type = FieldType::duration},
    {.name = "free", .type = FieldType::object},
    {.name = "parts", .type = FieldType::array, .max = 2, .members = kParts},
    {.name = "tags", .type = FieldType::array, .items = FieldType::string},
    {.name = "value", .type = FieldType::any},
};
constexpr Fields kFields{.name = "Thing", .fields = kThing};

std::string read(std::string_view body) {
  const http::RequestHead head;
  const auto object = read_body({head, body, {}}, kFields);
  if (object) return boost::json::serialize(*object);
  return std::string(traits_of(object.error().code).code) + " " + object.error().param + ": " +
         object.error().message;
}

TEST(Fields, TakeWhatFits) {
  for (const char* body :
       {R"({"name":"n"})", R"({"name":"n","modelType":null,"colour":"green","isActive":false})",
        R"({"name":"n","count":10,"share":0,"from":"2026-11-21T08:00:00Z","every":"5s"})",
        R"({"name":"n","free":{"any":[1,{}]},"parts":[{"url":"u","weight":5E-1}],"tags":["a"]})",
        R"({"name":"n","value":[null]})"}) {
    EXPECT_EQ(read(body), body);
  }
}

TEST(Fields, GiveWholeNumbersOneType) {
  EXPECT_EQ(read(R"({"name":"n","count":3.0})"), R"({"name":"n","count":3})");
}

TEST(Fields, NameWhatDoesNotFit) {
  const auto check = [](std::string_view body, std::string_view expected) {
    EXPECT_EQ(read(body).substr(0, expected.size()), expected) << body;
  };
  check("", "missing_parameter name: `name` is missing.");
  check("{}", "missing_parameter name");
  check("[]", "invalid_json : The body must be a JSON object");
  check(R"({"name":"n","modeltype":"x"})",
        "invalid_parameter modeltype: There is no field `modeltype`; did you mean `modelType`?");
  check(R"({"name":"n","zzzzzzzz":1})", "invalid_parameter zzzzzzzz: There is no field");
  check(R"({"name":1})", "invalid_parameter name: `name` must be a string.");
  check(R"({"name":null})", "invalid_parameter name: `name` must be a string.");
  check(R"({"name":""})", "invalid_parameter name: `name` must not be empty.");
  check(R"({"name":"123456789"})",
        "invalid_parameter name: `name` must be from 1 to 8 bytes long.");
  check(R"({"name":"n","colour":"blue"})",
        "invalid_parameter colour: `colour` must be one of: red, green.");
  check(R"({"name":"n","isActive":1})", "invalid_parameter isActive: `isActive` must be true or");
  check(R"({"name":"n","count":1.5})", "invalid_parameter count: `count` must be a whole number");
  check(R"({"name":"n","count":1e300})", "invalid_parameter count: `count` must be a whole number");
  check(R"({"name":"n","count":11})", "invalid_parameter count: `count` must be from 0 to 10.");
  check(R"({"name":"n","share":"1"})", "invalid_parameter share: `share` must be a number.");
  check(R"({"name":"n","share":1.1})", "invalid_parameter share: `share` must be from 0 to 1.");
  check(R"({"name":"n","from":"today"})", "invalid_parameter from: `from` must be a time");
  check(R"({"name":"n","every":5})", "invalid_parameter every: `every` must be a duration");
  check(R"({"name":"n","free":[]})", "invalid_parameter free: `free` must be an object.");
  check(R"({"name":"n","parts":{}})", "invalid_parameter parts: `parts` must be an array.");
  check(R"({"name":"n","parts":[{"url":"a"},{}]})", "missing_parameter parts[1].url");
  check(R"({"name":"n","parts":[1]})", "invalid_parameter parts[0]: `parts[0]` must be an object.");
  check(R"({"name":"n","parts":[{"url":"a","wight":1}]})",
        "invalid_parameter parts[0].wight: There is no field `parts[0].wight`; did you mean");
  check(R"({"name":"n","parts":[{"url":"a"},{"url":"a"},{"url":"a"}]})",
        "invalid_parameter parts: `parts` must be at most 2 items long.");
  check(R"({"name":"n","tags":["a",1]})", "invalid_parameter tags[1]");
}

TEST(Fields, RefuseWhatIsNotStrictJson) {
  const auto check = [](const std::string& body, std::string_view words) {
    const std::string answer = read(body);
    EXPECT_EQ(answer.substr(0, 12), "invalid_json") << body;
    EXPECT_NE(answer.find(words), std::string::npos) << answer;
  };
  check("{", "incomplete");
  check(R"({"name":"n"} x)", "extra data");
  check(R"({"name":"n",})", "near byte");
  check(R"({"name":"a","name":"b"})", "the key `name` twice");
  check(R"({"name":"n","free":{"a":1,"b":{"a":2},"\u0061":3}})", "the key `a` twice");
  check(R"({"name":"n\u0000"})", "control character");
  check(R"({"na\u0001me":"n"})", "control character");
  check("{\"name\":\"\xff\"}", "near byte");
  check(R"({"name":"n","share":1e999})", "near byte");
  check(R"({"name":"n","value":)" + std::string(20, '[') + std::string(20, ']') + "}", "near byte");
}

TEST(Fields, BoundTheSizeOfABody) {
  const std::string body = R"({"name":"n","value":")" + std::string(1 << 20, 'x') + "\"}";
  EXPECT_EQ(read(body).substr(0, 14), "body_too_large");
}

TEST(Fields, AreTheSchemaToo) {
  EXPECT_EQ(boost::json::serialize(json_schema({.name = "Part", .fields = kParts})),
            R"({"type":"object","properties":{"url":{"type":"string","minLength":1},)"
            R"("weight":{"type":"number","minimum":0,"maximum":1}},"required":["url"],)"
            R"("additionalProperties":false})");
  const auto schema = boost::json::serialize(json_schema(kFields));
  for (const char* part :
       {R"("modelType":{"type":["string","null"]})", R"("enum":["red","green"])",
        R"("from":{"type":"string","format":"date-time"})", R"("tags":{"type":"array","items":)",
        R"("value":{})", R"("description":"What people call it.")",
        R"("free":{"type":"object"})"}) {
    EXPECT_NE(schema.find(part), std::string::npos) << part << " in " << schema;
  }
}

TEST(Fields, CheckAnswersAndTheirPages) {
  constexpr Fields kPage{.name = "Parts", .fields = kParts, .is_page = true};
  EXPECT_TRUE(check_answer(R"({"data":[{"url":"u"}],"has_more":false,"next_cursor":null})", kPage));
  EXPECT_FALSE(check_answer(R"({"data":[{}],"has_more":false,"next_cursor":null})", kPage));
  EXPECT_FALSE(check_answer(R"({"data":[],"has_more":false})", kPage));
  EXPECT_TRUE(check_answer(R"({"name":"n"})", kFields));
  EXPECT_FALSE(check_answer(R"({"name":"n","more":1})", kFields));
  EXPECT_FALSE(check_answer("[]", kFields));
}

}  // namespace
}  // namespace tallygate::api
